/**
 * From hashes to slots, by open addressing in a typed array: a fraction of what a `Map` with string
 * keys takes. Who owns the slots says whether one is meant.
 */
export class SlotMap {
  /** slot + 1; 0 is free. */
  #cells = new Int32Array(1_024);
  #used = 0;
  readonly #hashOf: (slot: number) => number;

  /** @param hashOf the hash under which a slot was added */
  constructor(hashOf: (slot: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The slot with this hash for which `isIt` says yes, or -1. */
  find(hash: number, isIt: (slot: number) => boolean): number {
    const mask = this.#cells.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = this.#cells[at] ?? 0;
      if (cell === 0) return -1;
      if (isIt(cell - 1)) return cell - 1;
    }
  }

  /** Adds a slot that is not there yet. */
  add(slot: number): void {
    if (this.#used * 2 >= this.#cells.length) this.#grow();
    this.#put(slot);
    this.#used += 1;
  }

  /** Removes a slot, moving up those that had to give way to it. */
  delete(slot: number): void {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let hole = this.#hashOf(slot) & mask;
    while (cells[hole] !== slot + 1) {
      if (cells[hole] === 0) return;
      hole = (hole + 1) & mask;
    }
    this.#used -= 1;
    for (let at = (hole + 1) & mask; cells[at] !== 0; at = (at + 1) & mask) {
      const moved = cells[at] ?? 0;
      const home = this.#hashOf(moved - 1) & mask;
      // It may move up unless its home lies between the hole and where it is.
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        cells[hole] = moved;
        hole = at;
      }
    }
    cells[hole] = 0;
  }

  #put(slot: number): void {
    const mask = this.#cells.length - 1;
    let at = this.#hashOf(slot) & mask;
    while (this.#cells[at] !== 0) at = (at + 1) & mask;
    this.#cells[at] = slot + 1;
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 2);
    for (const cell of old) if (cell !== 0) this.#put(cell - 1);
  }
}
