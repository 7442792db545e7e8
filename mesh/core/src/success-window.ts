const BUCKETS = 10;

/** Successes over the last `windowMs`, in ten buckets of time that expire one by one. */
export class SuccessWindow {
  readonly #bucketMs: number;
  readonly #buckets: { slot: number; samples: number; successes: number }[] = [];

  constructor(windowMs: number) {
    this.#bucketMs = Math.max(1, windowMs / BUCKETS);
  }

  add(success: boolean, nowMs: number): void {
    const slot = Math.floor(nowMs / this.#bucketMs);
    let bucket = this.#buckets.at(-1);
    if (bucket?.slot !== slot) {
      bucket = { slot, samples: 0, successes: 0 };
      this.#buckets.push(bucket);
      this.#expire(slot);
    }
    bucket.samples++;
    if (success) bucket.successes++;
  }

  read(nowMs: number): { samples: number; ratio: number } {
    this.#expire(Math.floor(nowMs / this.#bucketMs));
    const samples = this.#buckets.reduce((sum, bucket) => sum + bucket.samples, 0);
    const successes = this.#buckets.reduce((sum, bucket) => sum + bucket.successes, 0);
    return { samples, ratio: samples === 0 ? 1 : successes / samples };
  }

  clear(): void {
    this.#buckets.length = 0;
  }

  #expire(slot: number): void {
    while (this.#buckets[0] && this.#buckets[0].slot <= slot - BUCKETS) this.#buckets.shift();
  }
}
