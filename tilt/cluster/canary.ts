import { refusal, rolloutCommands } from './rollouts.ts';
import { flag, main, named, outputOf, runAll } from './run.ts';

/* `node tilt/cluster/canary.ts pause orders --context kind-faultline` */
await main(async () => {
  const [action = '', target, ...args] = process.argv.slice(2);
  const service = named(target, 'a service');
  const kubectl = ['kubectl', '--context', flag(args, '--context')] as const;
  const commands = rolloutCommands(kubectl, action, service);
  const phase = ['-n', 'shop', 'get', 'canary', service, '--output', 'jsonpath={.status.phase}'];
  const refused = refusal(action, await outputOf([...kubectl, ...phase]));
  if (refused !== undefined) throw new Error(refused);
  await runAll(commands);
});
