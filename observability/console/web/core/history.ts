import type { Frame, MapEdge, MapNode, NodeState, VersionShare } from './wire.ts';

const states: readonly NodeState[] = ['healthy', 'origin', 'victim', 'masked', 'unknown'];

type NodeRow = readonly [
  node: number,
  state: number,
  requestsPerSecond: number,
  errorShare: number,
  ready: number,
  instances: number,
  busy: number | null,
  waiting: number | null,
  versions: readonly (readonly [version: string, share: number, instances: number])[],
];
type EdgeRow = readonly [
  edge: number,
  requestsPerSecond: number,
  errorShare: number,
  p50Ms: number | null,
  p95Ms: number | null,
  retriesPerSecond: number,
  openBreakers: number,
  mtls: 0 | 1 | null,
];

/** `/api/history`: what does not change is said once, and rows point to it. */
export type History = {
  readonly nodes: readonly Pick<MapNode, 'name' | 'kind'>[];
  readonly edges: readonly Pick<MapEdge, 'from' | 'to' | 'kind'>[];
  readonly frames: readonly (readonly [number, readonly NodeRow[], readonly EdgeRow[]])[];
};

/** The frames of a history, oldest first. */
export function decodeHistory({ nodes, edges, frames }: History): Frame[] {
  return frames.map(([atMs, nodeRows, edgeRows]) => ({
    atMs,
    nodes: nodeRows.flatMap((row) => decodeNode(row, nodes)),
    edges: edgeRows.flatMap((row) => decodeEdge(row, edges)),
  }));
}

function decodeNode(row: NodeRow, nodes: History['nodes']): MapNode[] {
  const [index, state, requestsPerSecond, errorShare, ready, instances, busy, waiting, split] = row;
  const node = nodes[index];
  if (!node) return [];
  const versions = split.map(([version, share, count]): VersionShare => ({
    version,
    share,
    instances: count,
  }));
  return [
    {
      ...node,
      state: states[state] ?? 'unknown',
      requestsPerSecond,
      errorShare,
      ready,
      instances,
      versions,
      ...(busy !== null && { busy }),
      ...(waiting !== null && { waiting }),
    },
  ];
}

function decodeEdge(row: EdgeRow, edges: History['edges']): MapEdge[] {
  const [index, requestsPerSecond, errorShare, p50Ms, p95Ms, retries, openBreakers, mtls] = row;
  const edge = edges[index];
  if (!edge) return [];
  return [
    {
      ...edge,
      requestsPerSecond,
      errorShare,
      retriesPerSecond: retries,
      openBreakers,
      ...(p50Ms !== null && { p50Ms }),
      ...(p95Ms !== null && { p95Ms }),
      ...(mtls !== null && { mtls: mtls === 1 }),
    },
  ];
}
