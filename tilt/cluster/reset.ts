import { globSync } from 'node:fs';
import { flag, main, runAll } from './run.ts';
import { root } from './steps.ts';

/*
 * `node tilt/cluster/reset.ts --context kind-faultline` empties the stores of one's own cluster, beside
 * a running Tilt. The Jobs make the tables anew, the services the demonstration's data.
 */
await main(async () => {
  const kubectl = ['kubectl', '--context', flag(process.argv, '--context'), '-n', 'shop'] as const;
  await runAll([
    // A claim goes when the pod that uses it does.
    [
      ...kubectl,
      'delete',
      'pvc',
      'data-postgres-0',
      'data-redis-0',
      '--wait=false',
      '--ignore-not-found',
    ],
    [...kubectl, 'delete', 'pod', 'postgres-0', 'redis-0', '--ignore-not-found'],
    [...kubectl, 'rollout', 'status', 'statefulset/postgres', '--timeout=5m'],
    [...kubectl, 'rollout', 'status', 'statefulset/redis', '--timeout=5m'],
    // Tilt runs a Job again when it is gone, not when it is as it was.
    [...kubectl, 'delete', 'jobs', '--selector', 'app.kubernetes.io/part-of=faultline'],
    ...migrated().map((name) => ['tilt', 'trigger', `${name}-migrations`] as const),
    [
      ...kubectl,
      'rollout',
      'restart',
      'deployment',
      '--selector',
      'app.kubernetes.io/part-of=faultline',
    ],
  ]);
});

function migrated(): string[] {
  const folders = globSync('services/*/deploy/migrations', { cwd: root }).toSorted();
  return folders.flatMap((path) => path.split('/')[1] ?? []);
}
