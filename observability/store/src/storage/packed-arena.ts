/** So much at once is memory of its own to the allocator, and goes back to the system when it is freed. */
export const PIECE_BYTES = 128 * 1_024;

/**
 * Keeps packed blocks one behind the other in larger pieces of memory. Each by itself would lie among
 * the buffers of requests, which are soon freed, and leave holes between them. A piece is freed with
 * the last of its blocks: blocks that go at about the same time share an arena.
 */
export class PackedArena {
  #piece = Buffer.alloc(0);
  #used = 0;

  /** A copy of `packed` that lies in the arena. */
  keep(packed: Buffer): Buffer {
    if (packed.length > this.#piece.length - this.#used) {
      if (packed.length > PIECE_BYTES / 4) return copyOf(packed);
      this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += packed.copy(this.#piece, start);
    return this.#piece.subarray(start, this.#used);
  }
}

function copyOf(packed: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(packed.length);
  packed.copy(copy);
  return copy;
}
