import { SpanScan } from '../wire/span-scan.ts';
import { type Block, MARK_SLOW, type RecordView } from './block.ts';
import { BlockLog, type Generation } from './block-log.ts';
import { EvictedIds } from './evicted.ts';
import { EXTENT_BYTES, Extents } from './extents.ts';
import { OperationNames } from './operation-names.ts';
import type { Resource, Scope } from './interner.ts';
import { TraceIndex } from './trace-index.ts';
import { FLAG, TRACE_BYTES, TraceTable } from './trace-table.ts';
import { parseTraceId, readTraceId, type TraceIdWords } from './trace-id.ts';

/** More is a runaway loop, and nobody could look at it. */
export const TRACE_SPANS_MAX = 50_000;

/** How much of the budget traces with errors and slow ones may hold after their time. */
const KEPT_SHARE = 0.5;
/** How much of the budget the archive may hold. */
const ARCHIVE_SHARE = 0.125;

export type TraceStoreOptions = {
  /** What spans, blocks and indexes may take in memory together. */
  maxBytes: number;
  /** Called with each block that will not change any more. */
  onSealed?: (block: Block, generation: Generation) => void;
};

/** What became of a span: `late` came after its trace had to go, `crowded` is beyond the limit. */
export type AddResult = 'stored' | 'late' | 'crowded';

/** A trace as it was when it was found; {@link TraceStore.isThere} says whether it still is. */
export type TraceRef = { readonly slot: number; readonly generation: number };

/**
 * All traces, within a budget. Spans live in packed blocks; a table says of each trace what it may
 * contain and where. When the budget is used up the oldest block goes, and with it, whole, the traces
 * in it; those with errors and slow ones are moved on and go last.
 */
export class TraceStore {
  readonly table = new TraceTable();
  readonly names = new OperationNames();
  readonly #log: BlockLog;
  readonly #index = new TraceIndex(this.table);
  readonly #extents = new Extents();
  readonly #evicted = new EvictedIds();
  readonly #maxBytes: number;
  readonly #scan = new SpanScan();
  readonly #id: TraceIdWords = { a: 0, b: 0, c: 0, d: 0 };
  /** Since the start. */
  readonly counts = { spans: 0, evictedTraces: 0, evictedSpans: 0, lateSpans: 0 };

  constructor(options: TraceStoreOptions) {
    this.#maxBytes = options.maxBytes;
    this.#log = new BlockLog(options.onSealed ?? (() => undefined));
  }

  get resources(): BlockLog['resources'] {
    return this.#log.resources;
  }

  get scopes(): BlockLog['scopes'] {
    return this.#log.scopes;
  }

  /** What spans, blocks and indexes take in memory. */
  get bytes(): number {
    return this.#log.bytes + this.table.count * TRACE_BYTES + this.#extents.count * EXTENT_BYTES;
  }

  get blocks(): number {
    return this.#log.blocks;
  }

  bytesOf(generation: Generation): number {
    return this.#log.bytesOf(generation);
  }

  /**
   * Adds the span that `scan` stands at.
   * @throws WireError when its attributes, events or links are broken; nothing is stored then.
   */
  add(scan: SpanScan, of: { resource: Resource; scope: Scope; slow: boolean }): AddResult {
    this.#index.read(scan, of);
    readTraceId(scan.bytes, scan.traceId, this.#id);
    let slot = this.table.find(this.#id);
    if (slot < 0 && this.#evicted.has(this.#id)) {
      this.counts.lateSpans += 1;
      return 'late';
    }
    if (slot >= 0 && (this.table.spans[slot] ?? 0) >= TRACE_SPANS_MAX) return 'crowded';
    if (slot < 0) slot = this.table.add(this.#id);
    const marks = of.slow ? MARK_SLOW : 0;
    const { bytes, traceId, start, end } = scan;
    const block = this.#log.append('young', { bytes, traceId, start, end, marks, ...of });
    this.#enter(slot, block, { scan, marks });
    this.names.note(of.resource.service, scan.name, scan.kind);
    this.counts.spans += 1;
    return 'stored';
  }

  /** Packs what is being written, so that it can be written to disk. */
  seal(): void {
    this.#log.seal('young');
  }

  /** Evicts until the budget is kept. */
  reclaim(): void {
    while (this.bytes > this.#maxBytes) {
      const keptIsFull = this.#log.bytesOf('kept') > this.#maxBytes * KEPT_SHARE;
      if (keptIsFull && this.#evictOldest('kept')) continue;
      if (this.#evictOldest('young') || this.#evictOldest('kept')) continue;
      return;
    }
  }

  /** Whether a block from an earlier run still fits in. */
  hasRoom(bytes: number): boolean {
    return this.bytes + bytes < this.#maxBytes * 0.9;
  }

  /** Adds a block from an earlier run, which it copies. Blocks are to come from the latest to the oldest. */
  restore(
    generation: Generation,
    from: { packed: Buffer; rawBytes: number; resources: Resource[]; scopes: Scope[] },
  ): number {
    const block = this.#log.restore(generation, from);
    let spans = 0;
    block.forEach(this.#log.raw(block), (record) => {
      this.#scan.scan(record.bytes, record.start, record.end);
      this.#index.read(this.#scan, record);
      readTraceId(record.bytes, record.traceId, this.#id);
      let slot = this.table.find(this.#id);
      if (slot < 0) slot = this.table.add(this.#id);
      this.#enter(slot, block.id, { scan: this.#scan, marks: record.marks });
      this.names.note(record.resource.service, this.#scan.name, this.#scan.kind);
      if (generation === 'archived') this.#mark(slot, FLAG.archived);
      spans += 1;
    });
    return spans;
  }

  /** The trace with this id of 32 hex digits. */
  lookUp(traceId: string): TraceRef | undefined {
    const slot = this.table.find(parseTraceId(traceId));
    return slot < 0 ? undefined : this.refOf(slot);
  }

  refOf(slot: number): TraceRef {
    return { slot, generation: this.table.generation[slot] ?? 0 };
  }

  isThere({ slot, generation }: TraceRef): boolean {
    return this.table.generation[slot] === generation;
  }

  /**
   * Calls `visit` with each span of a trace, in no order, until it returns false. The views hold a
   * whole unpacked block: keep none of them.
   */
  visit(ref: TraceRef, visit: (record: RecordView) => boolean): void {
    if (!this.isThere(ref)) return;
    const id = this.table.idOf(ref.slot);
    for (const blockId of this.#extents.list(this.table.extents[ref.slot] ?? -1)) {
      const block = this.#log.get(blockId);
      if (block && !block.forEachOf(this.#log.raw(block), id, visit)) return;
    }
  }

  /** Keeps a trace, as it is now, until the process ends and beyond; false when there is no room. */
  archive(ref: TraceRef): boolean {
    if (((this.table.flags[ref.slot] ?? 0) & FLAG.archived) !== 0) return true;
    if (this.#log.bytesOf('archived') > this.#maxBytes * ARCHIVE_SHARE) return false;
    const records: RecordView[] = [];
    this.visit(ref, (record) => records.push(record) > 0);
    this.#freeExtents(ref.slot);
    for (const record of records) this.#link(ref.slot, this.#log.append('archived', record));
    this.#log.seal('archived');
    this.#mark(ref.slot, FLAG.archived);
    return true;
  }

  #enter(slot: number, block: number, { scan, marks }: { scan: SpanScan; marks: number }): void {
    this.#index.enter(slot, scan);
    this.#link(slot, block);
    if ((marks & MARK_SLOW) !== 0) this.#mark(slot, FLAG.slow);
  }

  #link(slot: number, block: number): void {
    this.table.extents[slot] = this.#extents.push(this.table.extents[slot] ?? -1, block);
  }

  #mark(slot: number, flag: number): void {
    this.table.flags[slot] = (this.table.flags[slot] ?? 0) | flag;
  }

  /** Lets the oldest sealed block go; false when there is none. */
  #evictOldest(generation: 'young' | 'kept'): boolean {
    let block = this.#log.shift(generation);
    if (!block) {
      this.#log.seal(generation);
      block = this.#log.shift(generation);
    }
    if (!block) return false;
    const { id } = block;
    block.forEach(block.unpack(), (record) => {
      readTraceId(record.bytes, record.traceId, this.#id);
      const slot = this.table.find(this.#id);
      if (slot < 0) return;
      const flags = this.table.flags[slot] ?? 0;
      if ((flags & FLAG.archived) !== 0) this.#unlink(slot, id);
      else if (flags !== 0 && generation === 'young') {
        this.#unlink(slot, id);
        this.#link(slot, this.#log.append('kept', record));
      } else this.#evict(slot);
    });
    return true;
  }

  #unlink(slot: number, block: number): void {
    this.table.extents[slot] = this.#extents.remove(this.table.extents[slot] ?? -1, block);
  }

  #evict(slot: number): void {
    this.counts.evictedTraces += 1;
    this.counts.evictedSpans += this.table.spans[slot] ?? 0;
    this.#evicted.add(this.table.idOf(slot));
    this.#freeExtents(slot);
    this.table.remove(slot);
  }

  #freeExtents(slot: number): void {
    this.#extents.free(this.table.extents[slot] ?? -1);
    this.table.extents[slot] = -1;
  }
}
