import { writeSecrets } from './secrets.ts';
import { certificateCommands } from './certificates.ts';
import { flag, main, runAll, succeeds } from './run.ts';
import { readVersions, stateDir, stepsFor } from './steps.ts';

/* `node tilt/cluster/up.ts linkerd --context kind-faultline` takes one step of the set-up. */
await main(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const steps = stepsFor(flag(args, '--context'), readVersions());
  const step = steps[name];
  if (step === undefined) {
    throw new Error(`expected one of ${Object.keys(steps).join(', ')}, not '${name}'`);
  }
  if (name === 'linkerd') await runAll(certificateCommands(stateDir));
  if (name === 'secrets') writeSecrets();
  await runAll(step.commands);
  for (const check of step.check) {
    if (!(await succeeds(check))) throw new Error(`${name} is not ready: ${step.remedy}`);
  }
});
