import { setTimeout as pause } from 'node:timers/promises';
import { flag, main, named, serve } from './run.ts';

const pauseMs = 1_000;
const watchMs = 2_000;

/*
 * `node tilt/cluster/forward.ts --context kind-faultline --service gateway --local 8080`: a port of this
 * machine that leads to a Service, over and over, since a forward ends with the pod it leads to.
 */
await main(async () => {
  const args = process.argv.slice(2);
  const service = named(flag(args, '--service'), 'a Service');
  const kubectl = ['kubectl', '--context', flag(args, '--context'), '-n', 'shop'] as const;
  const ports = `${Number(flag(args, '--local'))}:80`;
  const parent = process.ppid;
  // Tilt may be killed without a chance to end what it started.
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, watchMs);
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
