const STEP = Math.log(1.12);
const LEAST_MS = 0.1;
const BUCKETS = 130;
const REMEMBERED = 400;

/** A distribution of durations that forgets slowly; quantiles are right to 12 per cent. */
export class Sketch {
  readonly #counts = new Float32Array(BUCKETS);
  readonly #remembered: number;
  #total = 0;
  #stale = 0;
  #median = 0;
  #most = 0;
  #high = 0;

  /** @param remembered of so many calls at the most, the latest best */
  constructor(remembered = REMEMBERED) {
    this.#remembered = remembered;
  }

  get count(): number {
    return this.#total;
  }

  add(ms: number, weight = 1): void {
    const at = Math.min(
      BUCKETS - 1,
      Math.max(0, Math.ceil(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / STEP)),
    );
    this.#counts[at] = (this.#counts[at] ?? 0) + weight;
    this.#total += weight;
    this.#stale++;
    if (this.#total > this.#remembered) this.#halve();
  }

  get median(): number {
    this.#refresh();
    return this.#median;
  }

  /** The 90th percentile, about. */
  get most(): number {
    this.#refresh();
    return this.#most;
  }

  /** The 99th percentile, about. */
  get high(): number {
    this.#refresh();
    return this.#high;
  }

  #refresh(): void {
    if (this.#stale === 0 || (this.#stale < 16 && this.#total > 64)) return;
    this.#stale = 0;
    this.#median = this.#quantile(0.5);
    this.#most = this.#quantile(0.9);
    this.#high = this.#quantile(0.99);
  }

  #quantile(share: number): number {
    let left = this.#total * share;
    for (let at = 0; at < BUCKETS; at++) {
      left -= this.#counts[at] ?? 0;
      if (left <= 0) return LEAST_MS * Math.exp(at * STEP);
    }
    return LEAST_MS * Math.exp((BUCKETS - 1) * STEP);
  }

  #halve(): void {
    this.#total = 0;
    for (let at = 0; at < BUCKETS; at++) {
      const half = (this.#counts[at] ?? 0) / 2;
      this.#counts[at] = half < 0.01 ? 0 : half;
      this.#total += this.#counts[at] ?? 0;
    }
  }
}
