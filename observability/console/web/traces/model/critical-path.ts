import { endUs } from './span.ts';
import type { TreeNode } from './tree.ts';

/** A time in which shortening this span would have shortened the whole. */
export type Section = { readonly node: TreeNode; readonly fromUs: number; readonly toUs: number };

/**
 * JavaScript's spans start on a whole millisecond, so that one may seem to begin a little before
 * what it waited for has ended. Of short spans only a share is forgiven.
 */
const ROUNDING_US = 1_000;
const ROUNDING_SHARE = 0.05;

/** A span that is being walked back through, from `cursorUs` to `fromUs`. */
type Frame = {
  readonly node: TreeNode;
  readonly fromUs: number;
  readonly toUs: number;
  /** What it waited for; the last to end comes last. */
  readonly waitedFor: TreeNode[];
  cursorUs: number;
};

/**
 * What the duration of `root` was made of, earliest first: from its end backwards, always into the
 * child that ended last before, as in CRISP (Zhang et al., "CRISP: Critical Path Analysis of
 * Large-Scale Microservice Architectures", USENIX ATC 2022), which Jaeger's pages follow as well.
 * Children are cut to the time of their parents; what nobody waited for is not on the path.
 * Its sections follow each other without gaps and add up to the duration of `root`.
 */
export function criticalPath(root: TreeNode): Section[] {
  const sections: Section[] = [];
  const frames = [frameOf(root, root.span.startUs, endUs(root.span))];
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const child = lastFinished(frame);
    const { node, fromUs, cursorUs } = frame;
    const resumedUs = child?.toUs ?? fromUs;
    if (resumedUs < cursorUs) sections.push({ node, fromUs: resumedUs, toUs: cursorUs });
    if (child === undefined) frames.pop();
    else {
      frame.cursorUs = child.fromUs;
      frames.push(child);
    }
  }
  return sections.toReversed();
}

function frameOf(node: TreeNode, fromUs: number, toUs: number): Frame {
  const waitedFor = node.children
    .filter((child) => !child.isAsync)
    .toSorted((a, b) => endUs(a.span) - endUs(b.span));
  return { node, fromUs, toUs, waitedFor, cursorUs: toUs };
}

function lastFinished({ waitedFor, fromUs, toUs, cursorUs }: Frame): Frame | undefined {
  for (let child = waitedFor.pop(); child !== undefined; child = waitedFor.pop()) {
    const from = Math.max(child.span.startUs, fromUs);
    const to = Math.min(endUs(child.span), toUs);
    const forgiven = Math.min(ROUNDING_US, child.span.durationUs * ROUNDING_SHARE);
    if (from < Math.min(to, cursorUs) && to <= cursorUs + forgiven) {
      return frameOf(child, from, Math.min(to, cursorUs));
    }
  }
  return undefined;
}

/** Microseconds on the path by span. */
export function criticalUs(sections: readonly Section[]): Map<TreeNode, number> {
  const totals = new Map<TreeNode, number>();
  for (const { node, fromUs, toUs } of sections) {
    totals.set(node, (totals.get(node) ?? 0) + toUs - fromUs);
  }
  return totals;
}
