import { rolloutCommands } from './rollouts.ts';
import { flag, main, named, runAll } from './run.ts';

/* `node tilt/cluster/canary.ts pause orders --context kind-faultline` */
await main(async () => {
  const [action = '', service, ...args] = process.argv.slice(2);
  const kubectl = ['kubectl', '--context', flag(args, '--context')] as const;
  await runAll(rolloutCommands(kubectl, action, named(service, 'a service')));
});
