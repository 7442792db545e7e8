/**
 * A peak-sensitive moving average of round-trip times: a sample above the (decayed) average
 * replaces it at once, one below moves it by how long ago the last one was. Times are milliseconds
 * of one monotonic clock.
 */
export class PeakEwma {
  readonly #decayMs: number;
  #valueMs: number;
  #atMs: number;

  constructor(options: { initialMs: number; decayMs: number; nowMs: number }) {
    this.#decayMs = Math.max(1, options.decayMs);
    this.#valueMs = options.initialMs;
    this.#atMs = options.nowMs;
  }

  /** The average at `nowMs`: without samples it fades, so that a slow endpoint is tried again. */
  at(nowMs: number): number {
    return this.#valueMs * Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#decayMs);
  }

  add(sampleMs: number, nowMs: number): void {
    if (sampleMs > this.at(nowMs)) {
      this.#valueMs = sampleMs;
      this.#atMs = nowMs;
    } else if (nowMs > this.#atMs) {
      const kept = Math.exp(-(nowMs - this.#atMs) / this.#decayMs);
      this.#valueMs = this.#valueMs * kept + sampleMs * (1 - kept);
      this.#atMs = nowMs;
    }
  }
}

/** The cost of sending one more request: expected latency times what would be in flight. */
export function loadOf(rttMs: number, inFlight: number): number {
  return rttMs * (inFlight + 1);
}
