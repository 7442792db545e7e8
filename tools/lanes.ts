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

/** Folders whose tests run before those with whole systems, so that both lanes end together. */
const before = /^(mesh|packages|services)\//;

/**
 * Which test files run side by side, each lane in a process of its own. Those of `test/` itself
 * share whole systems, so they stay together: those with a watched one last, since there is one
 * system at a time. A third lane on two cores makes the others as much slower.
 */
export function lanesOf(files: readonly string[]): string[][] {
  const { first = [], whole = [], observed = [], rest = [] } = Object.groupBy(files, placeOf);
  return [[...first, ...whole, ...observed], rest].filter((lane) => lane.length > 0);
}

function placeOf(file: string): 'first' | 'whole' | 'observed' | 'rest' {
  if (watched.has(file)) return 'observed';
  if (dirname(file) === 'test' && !alone.has(file)) return 'whole';
  return before.test(file) ? 'first' : 'rest';
}
