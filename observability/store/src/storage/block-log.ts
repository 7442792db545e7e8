import { Block, BLOCK_BYTES, type NewRecord, recordBytes } from './block.ts';
import { Interner, readResource, readScope, type Resource, type Scope } from './interner.ts';
import { PackedArena } from './packed-arena.ts';

/**
 * What a block holds: spans as they came, those that were kept when their block had to go, or
 * traces that somebody archived.
 */
export const GENERATIONS = ['young', 'kept', 'archived'] as const;
export type Generation = (typeof GENERATIONS)[number];

/** Unpacked blocks at hand for whoever reads next. */
const UNPACKED_MAX = 16;

type Queue = { sealed: Block[]; open: Block | undefined; bytes: number; arena: PackedArena };

/** All blocks, in three queues from the oldest to the one being written. */
export class BlockLog {
  readonly resources = new Interner<Resource>(readResource);
  readonly scopes = new Interner<Scope>(readScope);
  readonly #blocks = new Map<number, Block>();
  readonly #queues: Record<Generation, Queue> = {
    young: queue(),
    kept: queue(),
    archived: queue(),
  };
  readonly #unpacked = new Map<number, Buffer>();
  readonly #onSealed: (block: Block, generation: Generation) => void;
  #nextId = 1;
  /** Of the block packed last, for the next one: a new one each time would wait long to be freed. */
  #spare: Buffer | undefined;

  /** @param onSealed called with each block that is full and now packed */
  constructor(onSealed: (block: Block, generation: Generation) => void) {
    this.#onSealed = onSealed;
  }

  /** What all blocks and what they share take in memory. */
  get bytes(): number {
    const { young, kept, archived } = this.#queues;
    return young.bytes + kept.bytes + archived.bytes + this.resources.bytes + this.scopes.bytes;
  }

  bytesOf(generation: Generation): number {
    return this.#queues[generation].bytes;
  }

  get blocks(): number {
    return this.#blocks.size;
  }

  /** Copies a span in; returns the id of the block it is in. */
  append(generation: Generation, record: NewRecord): number {
    const own = this.#queues[generation];
    let block = own.open;
    if (!block?.hasRoom(record.end - record.start)) {
      this.seal(generation);
      block = new Block(this.#nextId++, this.#buffer(recordBytes(record)));
      own.open = block;
      this.#add(own, block);
    }
    const { newResource, newScope } = block.append(record);
    if (newResource) this.resources.retain(record.resource);
    if (newScope) this.scopes.retain(record.scope);
    return block.id;
  }

  /** Packs the block being written, if there is one. */
  seal(generation: Generation): void {
    const own = this.#queues[generation];
    const block = own.open;
    if (!block) return;
    own.open = undefined;
    own.bytes -= block.bytes;
    const raw = block.pack(own.arena);
    if (raw?.length === BLOCK_BYTES) this.#spare = raw;
    own.bytes += block.bytes;
    own.sealed.push(block);
    this.#onSealed(block, generation);
  }

  /** Adds a block from an earlier run, as the oldest of its generation. */
  restore(
    generation: Generation,
    from: { packed: Buffer; rawBytes: number; resources: Resource[]; scopes: Scope[] },
  ): Block {
    const own = this.#queues[generation];
    const packed = own.arena.keep(from.packed);
    const block = Block.packed(this.#nextId++, { ...from, packed });
    for (const resource of block.resources) this.resources.retain(resource);
    for (const scope of block.scopes) this.scopes.retain(scope);
    own.sealed.unshift(block);
    this.#add(own, block);
    return block;
  }

  /** Takes the oldest block that is not being written out of the log; what it held is lost. */
  shift(generation: Generation): Block | undefined {
    const block = this.#queues[generation].sealed[0];
    if (block) this.drop(generation, block);
    return block;
  }

  /** Takes a sealed block out of the log. */
  drop(generation: Generation, block: Block): void {
    const own = this.#queues[generation];
    own.sealed.splice(own.sealed.indexOf(block), 1);
    own.bytes -= block.bytes;
    this.#blocks.delete(block.id);
    this.#unpacked.delete(block.id);
    for (const resource of block.resources) this.resources.release(resource);
    for (const scope of block.scopes) this.scopes.release(scope);
  }

  get(id: number): Block | undefined {
    return this.#blocks.get(id);
  }

  /** The spans' bytes of a block, unpacked if nobody has done so lately. */
  raw(block: Block): Buffer {
    const known = this.#unpacked.get(block.id);
    // Taken out and put in again: the map's order is that of use.
    this.#unpacked.delete(block.id);
    const raw = known ?? block.unpack();
    if (!block.packedBytes) return raw;
    this.#unpacked.set(block.id, raw);
    if (this.#unpacked.size > UNPACKED_MAX) {
      const [oldest] = this.#unpacked.keys();
      if (oldest !== undefined) this.#unpacked.delete(oldest);
    }
    return raw;
  }

  #buffer(bytes: number): Buffer {
    const spare = bytes <= BLOCK_BYTES ? this.#spare : undefined;
    if (!spare) return Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    this.#spare = undefined;
    return spare;
  }

  #add(own: Queue, block: Block): void {
    this.#blocks.set(block.id, block);
    own.bytes += block.bytes;
  }
}

function queue(): Queue {
  return { sealed: [], open: undefined, bytes: 0, arena: new PackedArena() };
}
