/** What one entry takes. */
export const EXTENT_BYTES = 8;

/** Lists of block ids, one for each trace, in two columns. */
export class Extents {
  #blocks = new Uint32Array(1_024);
  #next = new Int32Array(1_024);
  readonly #free: number[] = [];
  #high = 0;

  get count(): number {
    return this.#high - this.#free.length;
  }

  /** The list with `block` in it: in front, unless it is there already. */
  push(head: number, block: number): number {
    for (let entry = head; entry >= 0; entry = this.#next[entry] ?? -1) {
      if (this.#blocks[entry] === block) return head;
    }
    const entry = this.#free.pop() ?? this.#high++;
    if (entry >= this.#blocks.length) this.#grow();
    this.#blocks[entry] = block;
    this.#next[entry] = head;
    return entry;
  }

  /** The list without `block`. */
  remove(head: number, block: number): number {
    const left = this.list(head).filter((id) => id !== block);
    this.free(head);
    return left.reduceRight((list, id) => this.push(list, id), -1);
  }

  /** Gives all entries of the list back. */
  free(head: number): void {
    for (let entry = head; entry >= 0; entry = this.#next[entry] ?? -1) this.#free.push(entry);
  }

  /** The block ids of a list, the latest first. */
  list(head: number): number[] {
    const blocks: number[] = [];
    for (let entry = head; entry >= 0; entry = this.#next[entry] ?? -1) {
      blocks.push(this.#blocks[entry] ?? 0);
    }
    return blocks;
  }

  #grow(): void {
    const blocks = new Uint32Array(this.#blocks.length * 2);
    blocks.set(this.#blocks);
    this.#blocks = blocks;
    const next = new Int32Array(blocks.length);
    next.set(this.#next);
    this.#next = next;
  }
}
