import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Resource, Scope } from './interner.ts';
import type { PackedArena } from './packed-arena.ts';
import { isTraceId, type TraceIdWords } from './trace-id.ts';

/** Large enough to compress well, small enough to be unpacked for a single span. */
export const BLOCK_BYTES = 64 * 1_024;

/** Before each span: its length, resource, scope and marks, and the id of its trace. */
const HEADER = { length: 0, resource: 4, scope: 6, marks: 8, traceId: 9, bytes: 25 } as const;
const TABLE_MAX = 0xffff;
/** The window is that of a block: by default the compressor takes room for one eight times as large. */
const FASTEST = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 16 },
};

/** Marks of a record. */
export const MARK_SLOW = 1;

/** One span in a block. The bytes are those of the block, not a copy. */
export type RecordView = {
  bytes: Buffer;
  /** Offset of the trace id. */
  traceId: number;
  start: number;
  end: number;
  resource: Resource;
  scope: Scope;
  marks: number;
};

/** A span to be added. */
export type NewRecord = Omit<RecordView, 'traceId'> & {
  /** Offset of the trace id in `bytes`. */
  traceId: number;
};

/**
 * Spans one after the other as they came, compressed together once it is full. Resources and scopes
 * stand beside them, each once.
 */
export class Block {
  readonly id: number;
  readonly resources: Resource[] = [];
  readonly scopes: Scope[] = [];
  #raw: Buffer | undefined;
  #packed: Buffer | undefined;
  #used = 0;
  #spans = 0;

  /** @param raw what it is written into; nobody else may use that until it is packed */
  constructor(id: number, raw: Buffer | undefined) {
    this.id = id;
    this.#raw = raw;
  }

  /** A block that was packed before. */
  static packed(
    id: number,
    from: { packed: Buffer; rawBytes: number; resources: Resource[]; scopes: Scope[] },
  ): Block {
    const block = new Block(id, undefined);
    block.#packed = from.packed;
    block.#used = from.rawBytes;
    block.resources.push(...from.resources);
    block.scopes.push(...from.scopes);
    return block;
  }

  /** What it takes in memory. */
  get bytes(): number {
    return (this.#raw?.length ?? 0) + (this.#packed?.length ?? 0);
  }

  get rawBytes(): number {
    return this.#used;
  }

  get spans(): number {
    return this.#spans;
  }

  /** The compressed form; undefined before {@link pack}. */
  get packedBytes(): Buffer | undefined {
    return this.#packed;
  }

  /** Whether a span of so many bytes, of any resource and scope, still fits in. */
  hasRoom(bytes: number): boolean {
    const tables = Math.max(this.resources.length, this.scopes.length);
    return (
      this.#raw !== undefined &&
      this.#used + HEADER.bytes + bytes <= this.#raw.length &&
      tables < TABLE_MAX
    );
  }

  /** Copies a span in, which {@link hasRoom}; tells of tables it was new to. */
  append(record: NewRecord): { newResource: boolean; newScope: boolean } {
    const raw = this.#raw;
    if (!raw) throw new Error('cannot add a span to a packed block');
    const resource = indexIn(this.resources, record.resource);
    const scope = indexIn(this.scopes, record.scope);
    const at = this.#used;
    raw.writeUInt32LE(record.end - record.start, at + HEADER.length);
    raw.writeUInt16LE(resource.index, at + HEADER.resource);
    raw.writeUInt16LE(scope.index, at + HEADER.scope);
    raw[at + HEADER.marks] = record.marks;
    record.bytes.copy(raw, at + HEADER.traceId, record.traceId, record.traceId + 16);
    record.bytes.copy(raw, at + HEADER.bytes, record.start, record.end);
    this.#used = at + HEADER.bytes + record.end - record.start;
    this.#spans += 1;
    return { newResource: resource.isNew, newScope: scope.isNew };
  }

  /** Compresses it into `arena`; nothing can be added any more. Returns the buffer that is free again. */
  pack(arena: PackedArena): Buffer | undefined {
    const raw = this.#raw;
    if (!raw) return undefined;
    this.#packed = arena.keep(zstdCompressSync(raw.subarray(0, this.#used), FASTEST));
    this.#raw = undefined;
    return raw;
  }

  /**
   * The spans' bytes, unpacked if need be.
   * @throws Error when the packed form is broken.
   */
  unpack(): Buffer {
    if (this.#raw) return this.#raw;
    if (!this.#packed) throw new Error(`block ${this.id} holds nothing`);
    const raw = zstdDecompressSync(this.#packed, {
      chunkSize: Math.max(64, this.#used),
      maxOutputLength: Math.max(64, this.#used),
    });
    if (raw.length === this.#used) return raw;
    throw new Error(`block ${this.id} has ${raw.length} bytes, expected ${this.#used}`);
  }

  /** Calls `visit` with each span in `raw`, which is what {@link unpack} gave. */
  forEach(raw: Buffer, visit: (record: RecordView) => void): void {
    for (let at = 0; at < this.#used;) {
      const record = this.#view(raw, at);
      visit(record);
      at = record.end;
    }
  }

  /** Calls `visit` with each span of one trace until it returns false. */
  forEachOf(raw: Buffer, id: TraceIdWords, visit: (record: RecordView) => boolean): boolean {
    for (let at = 0; at < this.#used;) {
      const end = at + HEADER.bytes + raw.readUInt32LE(at);
      if (isTraceId(raw, at + HEADER.traceId, id) && !visit(this.#view(raw, at))) return false;
      at = end;
    }
    return true;
  }

  #view(raw: Buffer, at: number): RecordView {
    const start = at + HEADER.bytes;
    const end = start + raw.readUInt32LE(at + HEADER.length);
    const resource = this.resources[raw.readUInt16LE(at + HEADER.resource)];
    const scope = this.scopes[raw.readUInt16LE(at + HEADER.scope)];
    if (!resource || !scope || end > this.#used) throw new Error(`block ${this.id} is broken`);
    return {
      bytes: raw,
      traceId: at + HEADER.traceId,
      start,
      end,
      resource,
      scope,
      marks: raw[at + HEADER.marks] ?? 0,
    };
  }
}

/** The room a span needs in a block. */
export function recordBytes({ start, end }: { start: number; end: number }): number {
  return HEADER.bytes + end - start;
}

/** The last ones are looked at first: spans of one sender come together. */
function indexIn<T>(table: T[], entry: T): { index: number; isNew: boolean } {
  const index = table.lastIndexOf(entry);
  return index < 0 ? { index: table.push(entry) - 1, isNew: true } : { index, isNew: false };
}
