import { setTimeout as pause } from 'node:timers/promises';
import { endWithParent, flag, main, named, serve } from './run.ts';

const pauseMs = 1_000;

/*
 * `node tilt/cluster/forward.ts --context kind-faultline --service gateway --local 8080`: a port of this
 * machine that leads to a Service, over and over, since a forward ends with the pod it leads to.
 */
await main(async () => {
  const args = process.argv.slice(2);
  const service = named(flag(args, '--service'), 'a Service');
  const kubectl = ['kubectl', '--context', flag(args, '--context'), '-n', 'shop'] as const;
  const ports = `${Number(flag(args, '--local'))}:80`;
  endWithParent();
  for (;;) {
    await serve([
      ...kubectl,
      'port-forward',
      '--address',
      '127.0.0.1',
      `service/${service}`,
      ports,
    ]);
    await pause(pauseMs);
  }
});
