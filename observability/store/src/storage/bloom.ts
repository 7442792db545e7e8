/** Bits of one filter, and of one fact: a few false answers in a thousand at 150 facts. */
const BLOOM_BITS = 2_048;
export const BLOOM_BYTES = BLOOM_BITS / 8;

const PROBES = 5;
const WORDS = BLOOM_BITS / 32;
const MASK = BLOOM_BITS - 1;
const SLAB_FILTERS = 256;

/**
 * Bloom filters, one for each slot, kept in slabs. One says what its trace may contain; "no" is
 * always true.
 */
export class BloomFilters {
  readonly #slabs: Uint32Array[] = [];

  /** Empties the filter at `slot`. */
  clear(slot: number): void {
    const base = (slot % SLAB_FILTERS) * WORDS;
    this.#slab(slot).fill(0, base, base + WORDS);
  }

  add(slot: number, hash: number): void {
    const slab = this.#slab(slot);
    const base = (slot % SLAB_FILTERS) * WORDS;
    const step = stepOf(hash);
    for (let probe = 0, bit = hash; probe < PROBES; probe++, bit += step) {
      const word = base + ((bit & MASK) >>> 5);
      slab[word] = (slab[word] ?? 0) | (1 << (bit & 31));
    }
  }

  mayHave(slot: number, hash: number): boolean {
    const slab = this.#slabs[Math.floor(slot / SLAB_FILTERS)];
    if (!slab) return false;
    const base = (slot % SLAB_FILTERS) * WORDS;
    const step = stepOf(hash);
    for (let probe = 0, bit = hash; probe < PROBES; probe++, bit += step) {
      if (((slab[base + ((bit & MASK) >>> 5)] ?? 0) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }

  #slab(slot: number): Uint32Array {
    const index = Math.floor(slot / SLAB_FILTERS);
    return (this.#slabs[index] ??= new Uint32Array(SLAB_FILTERS * WORDS));
  }
}

/** How far apart the bits of one fact are: odd, so that they are different ones. */
function stepOf(hash: number): number {
  return ((hash >>> 11) ^ Math.imul(hash, 0x9e3779b1)) | 1;
}
