import type { ShownTrace } from './model/shown-trace.ts';
import type { TreeNode } from './model/tree.ts';
import type { Window } from './model/window.ts';

type Known = {
  readonly shown: ShownTrace;
  readonly rows: readonly TreeNode[];
  /** The row that is selected; -1 for none. */
  readonly at: number;
  readonly collapsed: ReadonlySet<string>;
  /** How many rows are in sight. */
  readonly page: number;
};

/** What a key is to do. `select` null takes the selection away. */
export type KeyMove = {
  readonly select?: TreeNode | null;
  readonly toggle?: TreeNode;
  readonly zoom?: Window;
};

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** What a key does in the timeline; undefined when it is not for the timeline. */
export function keyMoves(event: Pressed, known: Known): KeyMove | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  return moves[event.key]?.(known);
}

const moves: Readonly<Record<string, (known: Known) => KeyMove>> = {
  ArrowDown: (known) => step(known, 1),
  ArrowUp: (known) => step(known, -1),
  j: (known) => step(known, 1),
  k: (known) => step(known, -1),
  PageDown: (known) => step(known, known.page),
  PageUp: (known) => step(known, -known.page),
  Home: (known) => step(known, -Infinity),
  End: (known) => step(known, Infinity),
  ArrowLeft: ({ rows, at, collapsed }) => {
    const node = rows[at];
    if (node === undefined) return {};
    if (node.children.length > 0 && !collapsed.has(node.span.id)) return { toggle: node };
    return node.parent === undefined ? {} : { select: node.parent };
  },
  ArrowRight: ({ rows, at, collapsed }) => {
    const node = rows[at];
    if (node === undefined) return {};
    if (collapsed.has(node.span.id)) return { toggle: node };
    const [child] = node.children;
    return child === undefined ? {} : { select: child };
  },
  e: ({ shown, rows, at }) => selected(after(shown.failing, rows[at])),
  p: ({ shown, rows, at }) => selected(after(inOrder([...shown.critical.keys()]), rows[at])),
  z: ({ shown: { tree }, rows, at }) => {
    const span = rows[at]?.span;
    if (span === undefined) return {};
    const fromUs = span.startUs - tree.startUs;
    const margin = Math.max(10, span.durationUs * 0.1);
    return { zoom: { fromUs: fromUs - margin, toUs: fromUs + span.durationUs + margin } };
  },
  '0': ({ shown: { tree } }) => ({ zoom: { fromUs: 0, toUs: tree.endUs - tree.startUs } }),
  Escape: () => ({ select: null }),
};

function step({ rows, at }: Known, by: number): KeyMove {
  return selected(rows[Math.max(0, Math.min(rows.length - 1, at + by))]);
}

function selected(node: TreeNode | undefined): KeyMove {
  return node === undefined ? {} : { select: node };
}

/** The one after `node` in a list, or its first. */
function after(nodes: readonly TreeNode[], node: TreeNode | undefined): TreeNode | undefined {
  const at = node === undefined ? -1 : nodes.indexOf(node);
  if (at >= 0 || node === undefined) return nodes[(at + 1) % nodes.length];
  return nodes[0];
}

function inOrder(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.toSorted((a, b) => a.index - b.index);
}
