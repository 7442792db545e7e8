import type { Random } from './random.ts';

/**
 * Power of two choices: two distinct candidates at random, the one with the lower load; the first on
 * a tie. The index into `loads`, or undefined when there is none.
 */
export function pickTwo(
  count: number,
  loadAt: (index: number) => number,
  random: Random,
): number | undefined {
  if (count <= 1) return count === 1 ? 0 : undefined;
  const first = Math.min(count - 1, Math.floor(random() * count));
  const offset = Math.min(count - 2, Math.floor(random() * (count - 1)));
  const second = (first + 1 + offset) % count;
  return loadAt(first) <= loadAt(second) ? first : second;
}
