import { flag, main, runAll } from './run.ts';

/*
 * `node tilt/cluster/reset.ts --context kind-faultline` empties the stores of one's own cluster; the
 * services make their tables and the demonstration's data anew.
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
