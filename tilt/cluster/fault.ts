import { setTimeout as pause } from 'node:timers/promises';
import { clearCommand, faultManifest, kinds } from './faults.ts';
import { type Command, flag, main, named, runAll, succeeds } from './run.ts';
import { lease, share } from './config.ts';

/*
 * `node tilt/cluster/fault.ts error orders --context kind-faultline`, with SHARE (per cent) and LEASE
 * (such as 60s) in the environment. It ends when its lease does, or when this process is stopped.
 */
await main(async () => {
  const [action = '', target, ...args] = process.argv.slice(2);
  const service = named(target, 'a service');
  const kubectl: Command = ['kubectl', '--context', flag(args, '--context')];
  if (action === 'clear') {
    await runAll([clearCommand(kubectl, service)]);
    return;
  }
  const kind = kinds.find((one) => one === action);
  if (kind === undefined) throw new Error(`expected clear, ${kinds.join(', ')}, not '${action}'`);
  if (kind === 'kill') {
    // Flagger's primary, where there is one, and any other pod of the service.
    const pods = `app.kubernetes.io/name in (${service},${service}-primary)`;
    await runAll([
      [
        ...kubectl,
        '-n',
        'shop',
        'delete',
        'pod',
        '--grace-period=0',
        '--force',
        '--selector',
        pods,
      ],
    ]);
    return;
  }
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
  const manifest = faultManifest({ kind, service, share: share() });
  if (!(await succeeds([...kubectl, 'apply', '-f', '-'], manifest))) throw new Error('not applied');
  try {
    await pause(lease(), undefined, { signal: stopped.signal });
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
  } finally {
    await runAll([clearCommand(kubectl, service)]);
  }
});
