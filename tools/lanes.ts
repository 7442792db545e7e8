import { dirname } from 'node:path';

/** Files of `test/` that need no whole system. */
const alone = new Set([
  'test/console-explorer.test.ts',
  'test/invariants.test.ts',
  'test/standalone.test.ts',
]);

/** Files of `test/` whose system is watched. */
const watched = new Set(['test/console.test.ts', 'test/deploys.test.ts']);

/**
 * Which test files run side by side, each lane in a process of its own. Those of `test/` itself
 * share whole systems, so they stay together: those with a watched one last, since there is one
 * system at a time. The services' fill up that lane; all others run beside it.
 */
export function lanesOf(files: readonly string[]): string[][] {
  const { services = [], whole = [], observed = [], rest = [] } = Object.groupBy(files, placeOf);
  return [[...services, ...whole, ...observed], rest].filter((lane) => lane.length > 0);
}

function placeOf(file: string): 'services' | 'whole' | 'observed' | 'rest' {
  if (watched.has(file)) return 'observed';
  if (dirname(file) === 'test' && !alone.has(file)) return 'whole';
  return file.startsWith('services/') ? 'services' : 'rest';
}
