import { globSync } from 'node:fs';
import { type Command, flag, main, outputOf, runAll } from './run.ts';
import { root } from './steps.ts';

const ours = ['--selector', 'app.kubernetes.io/part-of=faultline'];

function kubectl(context: string, ...args: string[]): Command {
  return ['kubectl', '--context', context, '-n', 'shop', ...args];
}

/**
 * What empties the stores of a cluster, has the Jobs run anew and the services start after them.
 * `running` is what `kubectl get deployments --output name` prints: Tilt may run some of them only.
 */
export function resetCommands(context: string, running: string): readonly Command[] {
  const on = (...args: string[]) => kubectl(context, ...args);
  const names = new Set(running.split('\n').map((line) => line.replace(/^.*\//, '')));
  return [
    // A claim goes when the pod that uses it does.
    on('delete', 'pvc', 'data-postgres-0', 'data-redis-0', '--wait=false', '--ignore-not-found'),
    on('delete', 'pod', 'postgres-0', 'redis-0', '--ignore-not-found'),
    on('rollout', 'status', 'statefulset/postgres', '--timeout=5m'),
    on('rollout', 'status', 'statefulset/redis', '--timeout=5m'),
    // Tilt runs a Job again when it is gone, not when it is as it was.
    on('delete', 'jobs', ...ours),
    ...migrated()
      .filter((name) => names.has(name))
      .map((name): Command => ['tilt', 'trigger', `${name}-migrations`]),
    on('rollout', 'restart', 'deployment', ...ours),
  ];
}

/** The services that have a Job. */
function migrated(): string[] {
  const folders = globSync('services/*/deploy/migrations', { cwd: root }).toSorted();
  return folders.flatMap((path) => path.split('/')[1] ?? []);
}

/*
 * `node tilt/cluster/reset.ts --context kind-faultline` empties the stores of one's own cluster, beside
 * a running Tilt. The Jobs make the tables anew, the services the demonstration's data.
 */
if (import.meta.main) {
  await main(async () => {
    const context = flag(process.argv, '--context');
    const list = kubectl(context, 'get', 'deployments', ...ours, '--output', 'name');
    await runAll(resetCommands(context, await outputOf(list)));
  });
}
