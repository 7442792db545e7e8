import { selfUs } from './self-time.ts';
import { kindTitleOf } from './span.ts';
import type { Tree, TreeNode } from './tree.ts';

/** All spans that came by the same way: the same services and operations, one below the other. */
export type FlameFrame = {
  /** What tells it from its siblings. */
  readonly name: string;
  readonly service: string;
  readonly operation: string;
  readonly depth: number;
  readonly parent: FlameFrame | undefined;
  readonly children: FlameFrame[];
  /** The place of the first of them in the trace. */
  readonly index: number;
  /** Those spans; the first is the slowest. */
  readonly nodes: TreeNode[];
  selfUs: number;
  /** Its own time and that of everything below: work done, which may be more than time passed. */
  totalUs: number;
  errors: number;
  /** Where it begins, as a share of the whole width. */
  left: number;
  /** Its share of the whole width. */
  width: number;
};

/** @returns frames, parents before children, the widest first; the widths of each row sum to ≤ 1. */
export function flameGraph({ nodes }: Tree): FlameFrame[] {
  const frameOf = new Map<TreeNode, FlameFrame>();
  const made: FlameFrame[] = [];
  const siblings = new Map<FlameFrame | undefined, Map<string, FlameFrame>>();
  for (const node of nodes) {
    const parent = node.parent && frameOf.get(node.parent);
    const named = siblings.get(parent) ?? new Map<string, FlameFrame>();
    siblings.set(parent, named);
    const name = nameOf(node);
    const frame = named.get(name) ?? newFrame(node, { name, parent });
    if (!named.has(name)) {
      made.push(frame);
      parent?.children.push(frame);
      named.set(name, frame);
    }
    frame.nodes.push(node);
    frameOf.set(node, frame);
    frame.selfUs += selfUs(node);
    frame.errors += node.span.isError ? 1 : 0;
  }
  for (const frame of made.toReversed()) {
    frame.totalUs += frame.selfUs;
    if (frame.parent) frame.parent.totalUs += frame.totalUs;
  }
  return layOut(made.filter(({ parent }) => parent === undefined));
}

function nameOf({ span }: TreeNode): string {
  return `${span.process.service}\n${kindTitleOf(span)}`;
}

function newFrame(
  { span, index }: TreeNode,
  { name, parent }: Pick<FlameFrame, 'name' | 'parent'>,
): FlameFrame {
  return {
    name,
    service: span.process.service,
    operation: kindTitleOf(span),
    depth: parent === undefined ? 0 : parent.depth + 1,
    parent,
    children: [],
    index,
    nodes: [],
    selfUs: 0,
    totalUs: 0,
    errors: 0,
    left: 0,
    width: 0,
  };
}

function layOut(roots: FlameFrame[]): FlameFrame[] {
  const all: FlameFrame[] = [];
  const totalUs = roots.reduce((sum, root) => sum + root.totalUs, 0);
  const waiting: FlameFrame[] = [];
  const place = (frames: FlameFrame[], from: number) => {
    let left = from;
    frames.sort((a, b) => b.totalUs - a.totalUs);
    for (const frame of frames) {
      frame.left = left;
      frame.width = totalUs === 0 ? 0 : frame.totalUs / totalUs;
      left += frame.width;
    }
    waiting.push(...frames.toReversed());
  };
  place(roots, 0);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    next.nodes.sort((a, b) => b.span.durationUs - a.span.durationUs);
    all.push(next);
    place(next.children, next.left);
  }
  return all;
}
