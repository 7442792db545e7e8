/** What a set of durations looks like, in milliseconds. */
export type Spread = { p50: number; p95: number; p99: number; max: number };

/** Each bucket is so much wider than the one before: quantiles are true to 1 %. */
const growth = 1.02;
const smallestMs = 0.01;

/** Durations in memory that does not grow with their number. */
export class Histogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  record(ms: number): void {
    const widths = Math.log(Math.max(ms, smallestMs) / smallestMs) / Math.log(growth);
    const bucket = Math.round(widths);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** The duration that a share of all do not exceed; 0 when there is none. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#count);
    for (const [bucket, count] of [...this.#buckets].toSorted(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.min(this.#maxMs, smallestMs * growth ** bucket);
    }
    return this.#maxMs;
  }

  spread(): Spread {
    return {
      p50: tenths(this.quantile(0.5)),
      p95: tenths(this.quantile(0.95)),
      p99: tenths(this.quantile(0.99)),
      max: tenths(this.#maxMs),
    };
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
