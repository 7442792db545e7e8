import { globSync } from 'node:fs';
import { type Command, flag, main, outputOf, runAll } from './run.ts';
import { root } from './steps.ts';

const ours = ['--selector', 'app.kubernetes.io/part-of=faultline'];

function kubectl(context: string, ...args: string[]): Command {
  return ['kubectl', '--context', context, '-n', 'shop', ...args];
}

/** What `kubectl get deployments --output name` prints: those that are applied, and all. */
type Deployments = { ours: string; all: string };

/**
 * What empties the stores of a cluster, has the Jobs run anew and the services start after them.
 * Only what runs: Tilt may have been asked for some services only.
 */
export function resetCommands(context: string, { ours: applied, all }: Deployments): Command[] {
  const on = (...args: string[]) => kubectl(context, ...args);
  const names = namesOf(applied);
  const existing = new Set(namesOf(all));
  // What Flagger serves from has no label of ours. To restart what it was made from would be a new version.
  const serving = names.map((name) => (existing.has(`${name}-primary`) ? `${name}-primary` : name));
  return [
    // A claim goes when the pod that uses it does.
    on('delete', 'pvc', 'data-postgres-0', 'data-redis-0', '--wait=false', '--ignore-not-found'),
    on('delete', 'pod', 'postgres-0', 'redis-0', '--ignore-not-found'),
    on('rollout', 'status', 'statefulset/postgres', '--timeout=5m'),
    on('rollout', 'status', 'statefulset/redis', '--timeout=5m'),
    // Tilt runs a Job again when it is gone, not when it is as it was.
    on('delete', 'jobs', ...ours),
    ...migrated()
      .filter((name) => names.includes(name))
      .map((name): Command => ['tilt', 'trigger', `${name}-migrations`]),
    ...serving.map((name) => on('rollout', 'restart', `deployment/${name}`)),
  ];
}

function namesOf(printed: string): string[] {
  const lines = printed.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replace(/^.*\//, ''));
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
    const list = (...args: string[]) =>
      outputOf(kubectl(context, 'get', 'deployments', ...args, '--output', 'name'));
    await runAll(resetCommands(context, { ours: await list(...ours), all: await list() }));
  });
}
