import { dirname } from 'node:path';

/** Files of `test/` that need no whole system. */
const alone = new Set([
  'test/console-explorer.test.ts',
  'test/invariants.test.ts',
  'test/standalone.test.ts',
]);

/**
 * Which test files run side by side, each lane in a process of its own. Those of `test/` itself
 * share whole systems, so they stay together; all others fill the time that these spend waiting.
 */
export function lanesOf(files: readonly string[]): string[][] {
  const { whole = [], rest = [] } = Object.groupBy(files, (file) =>
    dirname(file) === 'test' && !alone.has(file) ? 'whole' : 'rest',
  );
  return [whole, rest].filter((lane) => lane.length > 0);
}
