import type { Random } from './random.ts';

/**
 * Draws a backend: independently for each request, weighted, among those that are ready. A single
 * backend is drawn whatever its weight, even 0; with several, weight 0 is never drawn, not even when
 * all others are away. The index, or undefined when none can be drawn.
 */
export function drawBackend(
  backends: readonly { readonly weight: number; readonly ready: boolean }[],
  random: Random,
): number | undefined {
  if (backends.length === 1) return backends[0]?.ready ? 0 : undefined;
  const total = backends.reduce((sum, { weight, ready }) => sum + (ready ? weight : 0), 0);
  if (total === 0) return undefined;
  let left = random() * total;
  let last: number | undefined;
  for (const [index, { weight, ready }] of backends.entries()) {
    if (!ready || weight === 0) continue;
    last = index;
    left -= weight;
    if (left < 0) return index;
  }
  return last;
}
