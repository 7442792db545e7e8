import { endUs, isFromQueue, type Span } from './span.ts';

/** A span in its place. */
export type TreeNode = {
  readonly span: Span;
  readonly parent: TreeNode | undefined;
  readonly children: TreeNode[];
  readonly depth: number;
  /** Its place in the order in which the tree is read. */
  readonly index: number;
  /** How many spans are below it. */
  below: number;
  /** Its parent did not wait for it. */
  readonly isAsync: boolean;
  /** Why it stands at the top although it names a parent. */
  readonly cut: 'parent missing' | 'circular' | undefined;
};

export type Tree = {
  readonly roots: readonly TreeNode[];
  /** All, parents before children, siblings by start. */
  readonly nodes: readonly TreeNode[];
  readonly byId: ReadonlyMap<string, TreeNode>;
  readonly startUs: number;
  readonly endUs: number;
};

/**
 * The tree that spans make. It takes whatever comes: a span whose parent is missing stands at the
 * top, and so does the earliest of spans that are each other's parents. Of spans with one id the
 * first gets the children.
 */
export function buildTree(spans: readonly Span[]): Tree {
  const byStart = spans.toSorted((a, b) => a.startUs - b.startUs || b.durationUs - a.durationUs);
  const known = new Map<string, Span>();
  for (const span of byStart) if (!known.has(span.id)) known.set(span.id, span);
  const circular = findCircular(byStart, known);
  const children = new Map<Span, Span[]>();
  const tops: Span[] = [];
  for (const span of byStart) {
    const parent = known.get(span.parentId);
    if (parent === undefined || parent === span || circular.has(span)) tops.push(span);
    else children.set(parent, pushed(children.get(parent), span));
  }
  const nodes = placeAll(tops, { children, circular });
  const startUs = byStart[0]?.startUs ?? 0;
  return {
    roots: nodes.filter(({ parent }) => parent === undefined),
    nodes,
    byId: new Map(nodes.toReversed().map((node) => [node.span.id, node])),
    startUs,
    endUs: byStart.reduce((last, span) => Math.max(last, endUs(span)), startUs),
  };
}

function pushed(list: Span[] | undefined, span: Span): Span[] {
  if (list === undefined) return [span];
  list.push(span);
  return list;
}

/** One span, the earliest, of every circle of parents. */
function findCircular(byStart: readonly Span[], known: ReadonlyMap<string, Span>): Set<Span> {
  const cut = new Set<Span>();
  const settled = new Set<Span>();
  for (const first of byStart) {
    const path = new Set<Span>();
    let at: Span | undefined = first;
    while (at !== undefined && !settled.has(at) && !path.has(at)) {
      path.add(at);
      at = known.get(at.parentId);
    }
    if (at !== undefined && path.has(at)) {
      const circle = [...path].slice([...path].indexOf(at));
      cut.add(circle.reduce((a, b) => (b.startUs < a.startUs ? b : a)));
    }
    for (const span of path) settled.add(span);
  }
  return cut;
}

type Placing = {
  readonly children: ReadonlyMap<Span, readonly Span[]>;
  readonly circular: ReadonlySet<Span>;
};

/** Without recursion: traces may be as deep as they are long. */
function placeAll(tops: readonly Span[], { children, circular }: Placing): TreeNode[] {
  const nodes: TreeNode[] = [];
  const waiting = tops.toReversed().map((span) => ({ span, parent: nobody() }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { span, parent } = next;
    const node: TreeNode = {
      span,
      parent,
      children: [],
      depth: parent === undefined ? 0 : parent.depth + 1,
      index: nodes.length,
      below: 0,
      isAsync: parent !== undefined && isDetached(span, parent.span),
      cut: parent === undefined ? whyCut(span, circular) : undefined,
    };
    nodes.push(node);
    parent?.children.push(node);
    const below = children.get(span) ?? [];
    waiting.push(...below.toReversed().map((child) => ({ span: child, parent: node })));
  }
  for (const { parent, below } of nodes.toReversed()) if (parent) parent.below += below + 1;
  return nodes;
}

function nobody(): TreeNode | undefined {
  return undefined;
}

function isDetached(span: Span, parent: Span): boolean {
  return isFromQueue(span) || span.startUs >= Math.max(endUs(parent), parent.startUs + 1);
}

function whyCut(span: Span, circular: ReadonlySet<Span>): TreeNode['cut'] {
  if (span.parentId === '') return undefined;
  return circular.has(span) ? 'circular' : 'parent missing';
}
