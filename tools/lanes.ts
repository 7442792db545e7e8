import { dirname } from 'node:path';

/** Files of `test/` that need no whole system. */
const alone = new Set([
  'test/console-explorer.test.ts',
  'test/console-speed.test.ts',
  'test/console-views.test.ts',
  'test/invariants.test.ts',
  'test/standalone.test.ts',
]);

/** Files of `test/` whose system is watched. */
const watched = new Set(['test/console.test.ts', 'test/deploys.test.ts']);

/**
 * Which test files run side by side, each lane in a process of its own. Those of `test/` itself
 * share whole systems, so they stay together: those with a watched one last, since there is one
 * system at a time. Much of what they and the tests of the engine do is to wait, for a lease, a
 * probe, a step of a rollout; so there are three lanes for two cores;
 * the services' tests fill up that of the engine.
 */
export function lanesOf(files: readonly string[]): string[][] {
  const { whole = [], observed = [], engine = [], rest = [] } = Object.groupBy(files, placeOf);
  return [[...whole, ...observed], engine, rest].filter((lane) => lane.length > 0);
}

function placeOf(file: string): 'whole' | 'observed' | 'engine' | 'rest' {
  if (watched.has(file)) return 'observed';
  if (dirname(file) === 'test' && !alone.has(file)) return 'whole';
  return /^(local|services)\//.test(file) ? 'engine' : 'rest';
}
