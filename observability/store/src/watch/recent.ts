import type { LatencyHistogram } from '@faultline/origin/model';

const WINDOW_MS = 10_000;

/** Sums of the last ten seconds by key; keys that nothing was added to for so long are dropped. */
export class RecentSums {
  readonly #entries = new Map<string, { atMs: number; value: number }[]>();

  add(key: string, atMs: number, value: number): void {
    const entries = this.#entries.get(key) ?? [];
    entries.push({ atMs, value });
    this.#entries.set(key, entries);
  }

  /** A second, over the window. */
  rates(nowMs: number): Map<string, number> {
    const rates = new Map<string, number>();
    for (const [key, entries] of this.#entries) {
      const fresh = entries.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
      if (fresh.length === 0) this.#entries.delete(key);
      else {
        this.#entries.set(key, fresh);
        const sum = fresh.reduce((total, { value }) => total + value, 0);
        rates.set(key, sum / (WINDOW_MS / 1_000));
      }
    }
    return rates;
  }
}

/** Durations of the last ten seconds by key. */
export class RecentLatencies {
  readonly #entries = new Map<string, { atMs: number; latency: LatencyHistogram }[]>();

  add(key: string, atMs: number, latency: LatencyHistogram): void {
    const entries = this.#entries.get(key) ?? [];
    entries.push({ atMs, latency });
    this.#entries.set(
      key,
      entries.filter((entry) => entry.atMs > atMs - WINDOW_MS),
    );
  }

  /** In milliseconds, linear within a bucket; undefined where nothing ended lately. */
  quantile(key: string, share: number, nowMs: number): number | undefined {
    const entries = (this.#entries.get(key) ?? []).filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    const bounds = new Map<number, number>();
    for (const { latency } of entries) {
      for (const [at, count] of latency.counts.entries()) {
        const bound = latency.boundsMs[at] ?? Infinity;
        bounds.set(bound, (bounds.get(bound) ?? 0) + count);
      }
    }
    return quantileOf(bounds, share);
  }
}

function quantileOf(counts: ReadonlyMap<number, number>, share: number): number | undefined {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = total * share;
  let from = 0;
  for (const [bound, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    // Beyond the last bound nothing is known but that bound.
    if (count > 0 && left <= count)
      return bound === Infinity ? from : from + (bound - from) * (left / count);
    left -= count;
    if (bound !== Infinity) from = bound;
  }
  return from;
}
