import { BLOOM_BYTES, BloomFilters } from './bloom.ts';
import { SlotMap } from './slot-map.ts';
import { formatTraceId, hashTraceId, type TraceIdWords } from './trace-id.ts';

/** What marks a trace. */
export const FLAG = { error: 1, slow: 2, archived: 4 } as const;

/** What one trace takes in the table, its filter and its place in the map included. */
export const TRACE_BYTES = BLOOM_BYTES + 16 + 4 * 8 + 4 * 4 + 1 + 8;

const INITIAL_SLOTS = 1_024;

/**
 * A row for each trace, in columns: what searches look at first and eviction decides by. The spans
 * themselves are in blocks; `extents` says which.
 */
export class TraceTable {
  startUs = new Float64Array(INITIAL_SLOTS);
  endUs = new Float64Array(INITIAL_SLOTS);
  /** Of single spans. */
  shortestUs = new Float64Array(INITIAL_SLOTS);
  longestUs = new Float64Array(INITIAL_SLOTS);
  spans = new Uint32Array(INITIAL_SLOTS);
  errors = new Uint32Array(INITIAL_SLOTS);
  flags = new Uint8Array(INITIAL_SLOTS);
  /** Head of a list in {@link Extents}, or -1. */
  extents = new Int32Array(INITIAL_SLOTS);
  /** Goes up when a slot is freed, so that who waited in between notices; odd while in use. */
  generation = new Uint32Array(INITIAL_SLOTS);
  readonly blooms = new BloomFilters();
  #ids = new Uint32Array(INITIAL_SLOTS * 4);
  readonly #free: number[] = [];
  readonly #map = new SlotMap((slot) => hashTraceId(this.idOf(slot)));
  #high = 0;

  /** Traces in the table. */
  get count(): number {
    return this.#high - this.#free.length;
  }

  /** One more than the largest slot ever used. */
  get slots(): number {
    return this.#high;
  }

  isUsed(slot: number): boolean {
    return ((this.generation[slot] ?? 0) & 1) === 1;
  }

  /** The slot of a trace, or -1. */
  find(id: TraceIdWords): number {
    const ids = this.#ids;
    return this.#map.find(hashTraceId(id), (slot) => {
      const at = slot * 4;
      return (
        ids[at] === id.a && ids[at + 1] === id.b && ids[at + 2] === id.c && ids[at + 3] === id.d
      );
    });
  }

  /** A new row for a trace that is not in the table. */
  add(id: TraceIdWords): number {
    const slot = this.#free.pop() ?? this.#high++;
    if (slot >= this.startUs.length) this.#grow();
    this.#ids.set([id.a, id.b, id.c, id.d], slot * 4);
    this.startUs[slot] = Infinity;
    this.endUs[slot] = 0;
    this.shortestUs[slot] = Infinity;
    this.longestUs[slot] = 0;
    this.spans[slot] = this.errors[slot] = this.flags[slot] = 0;
    this.extents[slot] = -1;
    this.generation[slot] = (this.generation[slot] ?? 0) + 1;
    this.blooms.clear(slot);
    this.#map.add(slot);
    return slot;
  }

  remove(slot: number): void {
    this.#map.delete(slot);
    this.generation[slot] = (this.generation[slot] ?? 0) + 1;
    this.#free.push(slot);
  }

  idOf(slot: number): TraceIdWords {
    const ids = this.#ids;
    const at = slot * 4;
    return { a: ids[at] ?? 0, b: ids[at + 1] ?? 0, c: ids[at + 2] ?? 0, d: ids[at + 3] ?? 0 };
  }

  hexOf(slot: number): string {
    return formatTraceId(this.idOf(slot));
  }

  #grow(): void {
    const size = this.startUs.length * 2;
    this.startUs = copyInto(new Float64Array(size), this.startUs);
    this.endUs = copyInto(new Float64Array(size), this.endUs);
    this.shortestUs = copyInto(new Float64Array(size), this.shortestUs);
    this.longestUs = copyInto(new Float64Array(size), this.longestUs);
    this.spans = copyInto(new Uint32Array(size), this.spans);
    this.errors = copyInto(new Uint32Array(size), this.errors);
    this.flags = copyInto(new Uint8Array(size), this.flags);
    this.extents = copyInto(new Int32Array(size), this.extents);
    this.generation = copyInto(new Uint32Array(size), this.generation);
    this.#ids = copyInto(new Uint32Array(size * 4), this.#ids);
  }
}

function copyInto<T extends { set(from: ArrayLike<number>): void }>(
  to: T,
  from: ArrayLike<number>,
): T {
  to.set(from);
  return to;
}
