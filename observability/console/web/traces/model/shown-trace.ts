import { criticalPath, type Section } from './critical-path.ts';
import { failingNodes } from './failing.ts';
import { foldSidecars } from './fold.ts';
import { withoutSkew } from './skew.ts';
import { isSidecar, type Span, type Trace } from './span.ts';
import { buildTree, type Tree, type TreeNode } from './tree.ts';

/** A trace, made ready to be looked at. */
export type ShownTrace = {
  readonly id: string;
  readonly tree: Tree;
  /** By the id of the span that they are part of; empty when they are shown as spans. */
  readonly sidecars: ReadonlyMap<string, readonly Span[]>;
  readonly sidecarCount: number;
  /** Microseconds by which spans were moved for their clocks, by id. */
  readonly movedUs: ReadonlyMap<string, number>;
  readonly critical: ReadonlyMap<TreeNode, readonly Section[]>;
  readonly failing: readonly TreeNode[];
  /** By name; the sidecars' own last. */
  readonly services: readonly string[];
};

export function showTrace(
  { id, spans }: Trace,
  { sidecars: shows }: { sidecars: 'folded' | 'shown' },
): ShownTrace {
  const { spans: placed, movedUs } = withoutSkew(spans);
  const unfolded = { spans: placed, sidecars: new Map<string, readonly Span[]>() };
  const { spans: kept, sidecars } = shows === 'folded' ? foldSidecars(placed) : unfolded;
  const tree = buildTree(kept);
  return {
    id,
    tree,
    sidecars,
    sidecarCount: spans.filter(isSidecar).length,
    movedUs,
    critical: sectionsByNode(tree),
    failing: failingNodes(tree),
    services: [...new Set(kept.map(({ process }) => process.service))].toSorted(),
  };
}

function sectionsByNode({ roots }: Tree): Map<TreeNode, Section[]> {
  const byNode = new Map<TreeNode, Section[]>();
  const [root] = roots;
  for (const section of root === undefined ? [] : criticalPath(root)) {
    const sections = byNode.get(section.node);
    if (sections === undefined) byNode.set(section.node, [section]);
    else sections.push(section);
  }
  return byNode;
}

/** The node of a span; of a sidecar's that is folded away, the one that it is part of. */
export function nodeOf({ tree, sidecars }: ShownTrace, id: string): TreeNode | undefined {
  const node = tree.byId.get(id);
  if (node !== undefined || id === '') return node;
  const owner = [...sidecars].find(([, spans]) => spans.some((span) => span.id === id));
  return owner && tree.byId.get(owner[0]);
}

/** The nodes that are to be seen when those below `collapsed` ones are not, in order. */
export function visibleNodes({ nodes }: Tree, collapsed: ReadonlySet<string>): TreeNode[] {
  if (collapsed.size === 0) return [...nodes];
  const visible: TreeNode[] = [];
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index];
    if (node === undefined) break;
    visible.push(node);
    if (collapsed.has(node.span.id)) index += node.below;
  }
  return visible;
}

/** A colour for each service, as a number below `count`: the same in every trace, if it is free. */
export function colourNumbers(
  services: readonly string[],
  count: number,
): ReadonlyMap<string, number> {
  const taken = new Map<number, string>();
  const numbers = new Map<string, number>();
  for (const service of services) {
    let number = hash(service) % count;
    for (let tries = 0; taken.has(number) && tries < count; tries++) number = (number + 1) % count;
    taken.set(number, service);
    numbers.set(service, number);
  }
  return numbers;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}
