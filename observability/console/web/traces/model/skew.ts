import { buildTree, type TreeNode } from './tree.ts';
import { endUs, type Span } from './span.ts';

/** Clocks of one machine are read to a tenth of a millisecond at worst. */
const TOLERANCE_US = 100;

/**
 * Moves what a fast or slow clock put at an impossible time: a call that begins before it was made,
 * or after its caller had its answer. As Jaeger's adjuster does, the callee goes to the middle of the
 * call, if it fits, and takes along what ran by the same clock. Unlike Jaeger's, a callee that only
 * ends late stays: that is what goes on after a caller has given up.
 * @returns the spans, and by how much those of each id were moved.
 */
export function withoutSkew(spans: readonly Span[]): {
  spans: Span[];
  movedUs: ReadonlyMap<string, number>;
} {
  const { nodes } = buildTree(spans);
  const shifts = new Map<TreeNode, number>();
  for (const node of nodes) shifts.set(node, shiftOf(node, shifts));
  const bySpan = new Map(nodes.map((node) => [node.span, shifts.get(node) ?? 0]));
  const movedUs = new Map<string, number>();
  const moved = spans.map((span) => {
    const shift = bySpan.get(span) ?? 0;
    if (shift === 0) return span;
    movedUs.set(span.id, shift);
    const events = span.events.map((event) => ({ ...event, atUs: event.atUs + shift }));
    return { ...span, startUs: span.startUs + shift, events };
  });
  return { spans: moved, movedUs };
}

function shiftOf(
  { span, parent, isAsync }: TreeNode,
  shifts: ReadonlyMap<TreeNode, number>,
): number {
  if (parent === undefined) return 0;
  const inherited = shifts.get(parent) ?? 0;
  if (isSameClock(span, parent.span)) return inherited;
  const startUs = parent.span.startUs + inherited;
  const isEarly = span.startUs < startUs - TOLERANCE_US;
  const isLate = !isAsync && span.startUs > startUs + parent.span.durationUs + TOLERANCE_US;
  if (!isEarly && !isLate) return 0;
  const room = Math.max(0, endUs(parent.span) + inherited - startUs - span.durationUs);
  return Math.round(startUs + room / 2 - span.startUs);
}

/** Instances of one host share a clock, but only the instance is always told. */
function isSameClock({ process: a }: Span, { process: b }: Span): boolean {
  return a.instance === '' ? a.service === b.service : a.instance === b.instance;
}
