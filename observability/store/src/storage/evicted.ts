import { hashTraceId, type TraceIdWords } from './trace-id.ts';

const CELLS = 65_536;

/**
 * Remembers, in a fixed space, traces that had to go: a late span must not bring back a part of one.
 * What is forgotten in favour of others merely comes back.
 */
export class EvictedIds {
  readonly #cells = new Uint32Array(CELLS);

  add(id: TraceIdWords): void {
    this.#cells[hashTraceId(id) % CELLS] = mark(id);
  }

  has(id: TraceIdWords): boolean {
    return this.#cells[hashTraceId(id) % CELLS] === mark(id);
  }
}

/** Never 0, which is an empty cell. */
function mark({ a, b, c, d }: TraceIdWords): number {
  return ((a ^ b ^ c ^ Math.imul(d, 0x9e3779b1)) | 1) >>> 0;
}
