import { executeTiltfile } from './support/tilt/execute.ts';
import { root } from '../../tools/config.ts';
const t0 = performance.now();
for (const settings of [
  {},
  { canary: true },
  { services: ['orders'] },
  { local: true },
  { lean: true },
]) {
  const t = executeTiltfile({ root, context: 'kind-faultline', settings });
  console.log(
    JSON.stringify(settings),
    [...t.resources.keys()].join(' '),
    '|',
    t.images.length,
    t.buttons.length,
    t.warnings,
    t.enabled?.join(' '),
  );
}
console.log(performance.now() - t0);
