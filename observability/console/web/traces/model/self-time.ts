import { endUs } from './span.ts';
import type { TreeNode } from './tree.ts';

/** Microseconds of a span during which nothing ran that it waited for. */
export function selfUs({ span, children }: TreeNode): number {
  let covered = 0;
  let until = span.startUs;
  const end = endUs(span);
  // Siblings are in the order of their starts.
  for (const child of children) {
    if (child.isAsync) continue;
    const from = Math.max(child.span.startUs, until);
    const to = Math.min(endUs(child.span), end);
    if (to <= from) continue;
    covered += to - from;
    until = to;
  }
  return span.durationUs - covered;
}
