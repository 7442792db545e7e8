import type { Frame, MapEdge, MapNode } from '../core/wire.ts';

/** Who there is and who calls whom, without how much: what a layout depends on. */
export type Structure = {
  readonly nodes: readonly StructureNode[];
  readonly edges: readonly StructureEdge[];
};
export type StructureNode = Pick<MapNode, 'name' | 'kind'>;
export type StructureEdge = Pick<MapEdge, 'from' | 'to' | 'kind'>;

/** A node that was not in any frame for so long is taken off the map. */
const FORGOTTEN_MS = 120_000;

/** Who comes to the edge; no frame has them. */
export const people: StructureNode = { name: 'people', kind: 'provider' };

/**
 * Gathers structure from frame to frame. What was once seen stays for a while, so that the map does
 * not move when traffic comes and goes; `structure` is the same object as long as nothing changed.
 */
export class StructureKeeper {
  readonly #nodes = new Map<string, { node: StructureNode; seenMs: number }>();
  readonly #edges = new Map<string, StructureEdge>();
  #structure: Structure = { nodes: [], edges: [] };

  /** Takes in a frame and answers the structure. */
  add({ nodes, edges, atMs }: Frame): Structure {
    let isNew = false;
    for (const { name, kind } of nodes) {
      const known = this.#nodes.get(name);
      isNew ||= known?.node.kind !== kind;
      this.#nodes.set(name, { node: { name, kind }, seenMs: Math.max(atMs, known?.seenMs ?? 0) });
    }
    for (const [name, { seenMs }] of this.#nodes) {
      if (atMs - seenMs <= FORGOTTEN_MS) continue;
      this.#nodes.delete(name);
      isNew = true;
    }
    for (const { from, to, kind } of edges) {
      const key = `${from} ${to}`;
      if (this.#edges.get(key)?.kind === kind) continue;
      this.#edges.set(key, { from, to, kind });
      isNew = true;
    }
    if (isNew) this.#structure = this.#sorted();
    return this.#structure;
  }

  /** Sorted by name, so that the same system is drawn the same whatever came first. */
  #sorted(): Structure {
    const nodes = [...this.#nodes.values()].map(({ node }) => node);
    for (const [key, { from, to }] of this.#edges) {
      if (!this.#nodes.has(from) || !this.#nodes.has(to)) this.#edges.delete(key);
    }
    return {
      nodes: nodes.toSorted((a, b) => compare(a.name, b.name)),
      edges: [...this.#edges.values()].toSorted(
        (a, b) => compare(a.from, b.from) || compare(a.to, b.to),
      ),
    };
  }
}

/** With those who come to the edge: the service that nobody calls and that calls most. */
export function withPeople({ nodes, edges }: Structure): Structure {
  const edge = edgeService({ nodes, edges });
  if (edge === undefined) return { nodes, edges };
  return {
    nodes: [...nodes, people],
    edges: [...edges, { from: people.name, to: edge, kind: 'http' }],
  };
}

/** The service that people call; undefined where there is none. */
export function edgeService({ nodes, edges }: Structure): string | undefined {
  const calls = edges.filter(({ kind, from }) => kind !== 'async' && from !== people.name);
  const called = new Set(calls.map(({ to }) => to));
  const callees = (name: string) =>
    edges.filter(({ from, kind }) => from === name && kind === 'http').length;
  return nodes
    .filter(({ name, kind }) => kind === 'service' && !called.has(name) && callees(name) > 0)
    .map(({ name }) => name)
    .toSorted((a, b) => callees(b) - callees(a) || compare(a, b))[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
