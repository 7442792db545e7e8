import type { Exchange, Router } from '../http/router.ts';
import { streamJson } from '../http/respond.ts';
import type { Frame, FrameEdge, FrameNode } from './frame.ts';

/** Half an hour of frames, one every two seconds. */
const FRAMES_MAX = 900;
export const HISTORY_EVERY_MS = 2_000;
const NAMES_MAX = 2_000;
const states = ['healthy', 'origin', 'victim', 'masked', 'unknown'] as const;

/**
 * The last half hour of frames, for a console that is opened now. What does not change is kept
 * once, and a frame is the text that is sent: about a kilobyte.
 */
export class History {
  readonly #nodes = new Map<string, { index: number; node: Pick<FrameNode, 'name' | 'kind'> }>();
  readonly #edges = new Map<
    string,
    { index: number; edge: Pick<FrameEdge, 'from' | 'to' | 'kind'> }
  >();
  #frames: string[] = [];

  add({ atMs, nodes, edges }: Frame): void {
    if (this.#nodes.size > NAMES_MAX || this.#edges.size > NAMES_MAX) this.#forget();
    const row = [
      atMs,
      nodes.map((node) => this.#nodeRow(node)),
      edges.map((edge) => this.#edgeRow(edge)),
    ];
    this.#frames.push(JSON.stringify(row));
    if (this.#frames.length > FRAMES_MAX * 1.1) this.#frames = this.#frames.slice(-FRAMES_MAX);
  }

  /** The pieces of a JSON document: `nodes` and `edges` by index, and `frames`, oldest first. */
  *json(): Generator<string> {
    const nodes = [...this.#nodes.values()].map(({ node }) => node);
    const edges = [...this.#edges.values()].map(({ edge }) => edge);
    yield `{"nodes":${JSON.stringify(nodes)},"edges":${JSON.stringify(edges)},"frames":[`;
    let isFirst = true;
    for (const frame of this.#frames) {
      yield isFirst ? frame : `,${frame}`;
      isFirst = false;
    }
    yield ']}';
  }

  #nodeRow(node: FrameNode): unknown[] {
    const { name, kind, state, requestsPerSecond, errorShare, busy, waiting } = node;
    let known = this.#nodes.get(name);
    if (!known) {
      known = { index: this.#nodes.size, node: { name, kind } };
      this.#nodes.set(name, known);
    }
    return [
      known.index,
      states.indexOf(state),
      short(requestsPerSecond),
      short(errorShare),
      node.ready,
      node.instances,
      busy === undefined ? null : short(busy),
      waiting ?? null,
      node.versions.map(({ version, share, instances }) => [version, short(share), instances]),
    ];
  }

  #edgeRow(edge: FrameEdge): unknown[] {
    const { from, to, kind, p50Ms, p95Ms, mtls } = edge;
    const key = `${from} ${to} ${kind}`;
    let known = this.#edges.get(key);
    if (!known) {
      known = { index: this.#edges.size, edge: { from, to, kind } };
      this.#edges.set(key, known);
    }
    return [
      known.index,
      short(edge.requestsPerSecond),
      short(edge.errorShare),
      p50Ms === undefined ? null : short(p50Ms),
      p95Ms === undefined ? null : short(p95Ms),
      short(edge.retriesPerSecond),
      edge.openBreakers,
      mtls === undefined ? null : Number(mtls),
    ];
  }

  /** Frames point to names: without these they mean nothing. */
  #forget(): void {
    this.#nodes.clear();
    this.#edges.clear();
    this.#frames = [];
  }
}

/** Adds `/api/history`. */
export function addHistoryRoute(router: Router, history: History): void {
  router.add('GET', '/api/history', (exchange: Exchange) => streamJson(exchange, history.json()));
}

function short(value: number): number {
  return Number(value.toPrecision(3));
}
