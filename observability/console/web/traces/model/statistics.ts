import { criticalPath, criticalUs } from './critical-path.ts';
import { selfUs } from './self-time.ts';
import { kindTitleOf } from './span.ts';
import type { Tree, TreeNode } from './tree.ts';

export type Grouping = 'service' | 'operation';

/** Spans of one service, or of one operation of it. Times are microseconds. */
export type StatisticsRow = {
  readonly service: string;
  /** '' when all operations of the service are meant. */
  readonly operation: string;
  readonly count: number;
  readonly errors: number;
  readonly totalUs: number;
  readonly averageUs: number;
  readonly p95Us: number;
  readonly maxUs: number;
  readonly selfUs: number;
  /** How much of the time that the first root took. */
  readonly criticalUs: number;
  /** The slowest. */
  readonly slowest: TreeNode;
};

/** Where the time of a trace went, the most of own time first. */
export function statistics(tree: Tree, by: Grouping): StatisticsRow[] {
  const [root] = tree.roots;
  const critical = criticalUs(root === undefined ? [] : criticalPath(root));
  const groups = new Map<string, TreeNode[]>();
  for (const node of tree.nodes) {
    const { service } = node.span.process;
    const key = by === 'service' ? service : `${service}\n${kindTitleOf(node.span)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return [...groups.values()]
    .flatMap((nodes) => rowOf(nodes, { by, critical }))
    .toSorted((a, b) => b.selfUs - a.selfUs || b.totalUs - a.totalUs);
}

function rowOf(
  nodes: readonly TreeNode[],
  { by, critical }: { by: Grouping; critical: ReadonlyMap<TreeNode, number> },
): StatisticsRow[] {
  const bySlowness = nodes.toSorted((a, b) => b.span.durationUs - a.span.durationUs);
  const [slowest] = bySlowness;
  if (slowest === undefined) return [];
  const sum = (of: (node: TreeNode) => number) => nodes.reduce((total, one) => total + of(one), 0);
  const totalUs = sum(({ span }) => span.durationUs);
  // The nearest rank: the least value that at least 95 % do not exceed.
  const p95 = bySlowness[nodes.length - Math.ceil(nodes.length * 0.95)] ?? slowest;
  return [
    {
      service: slowest.span.process.service,
      operation: by === 'service' ? '' : kindTitleOf(slowest.span),
      count: nodes.length,
      errors: sum(({ span }) => (span.isError ? 1 : 0)),
      totalUs,
      averageUs: totalUs / nodes.length,
      p95Us: p95.span.durationUs,
      maxUs: slowest.span.durationUs,
      selfUs: sum(selfUs),
      criticalUs: sum((node) => critical.get(node) ?? 0),
      slowest,
    },
  ];
}
