const SECONDS = 32;

export type Ratio = { readonly bad: number; readonly total: number };

/** How many were bad of how many, by second, for the last half minute. */
export class Tally {
  readonly #bad = new Float32Array(SECONDS);
  readonly #total = new Float32Array(SECONDS);
  #second = 0;

  add(atMs: number, bad: number, total: number): void {
    const second = Math.floor(atMs / 1_000);
    if (second > this.#second) this.#advance(second);
    if (second <= this.#second - SECONDS) return;
    const at = second % SECONDS;
    this.#bad[at] = (this.#bad[at] ?? 0) + bad;
    this.#total[at] = (this.#total[at] ?? 0) + total;
  }

  /** The sum of the seconds from the one of `fromMs` to the one of `toMs`. */
  sum(fromMs: number, toMs = Infinity): Ratio {
    let bad = 0;
    let total = 0;
    const last = Math.min(this.#second, Math.floor(toMs / 1_000));
    const first = Math.max(Math.floor(fromMs / 1_000), this.#second - SECONDS + 1);
    for (let second = first; second <= last; second++) {
      bad += this.#bad[second % SECONDS] ?? 0;
      total += this.#total[second % SECONDS] ?? 0;
    }
    return { bad, total };
  }

  /** The end of the last second that had something bad; 0 for none in the last half minute. */
  get lastBadMs(): number {
    for (let second = this.#second; second > this.#second - SECONDS; second--) {
      if ((this.#bad[second % SECONDS] ?? 0) > 0) return second * 1_000 + 999;
    }
    return 0;
  }

  #advance(second: number): void {
    const from = Math.max(this.#second + 1, second - SECONDS + 1);
    for (let cleared = from; cleared <= second; cleared++) {
      this.#bad[cleared % SECONDS] = 0;
      this.#total[cleared % SECONDS] = 0;
    }
    this.#second = second;
  }
}

/** How much better a failure share of its own explains `bad` of `total` than the usual share does. */
export function surprise({ bad, total }: Ratio, usual: number): number {
  if (bad <= 0 || total <= 0) return 0;
  const n = Math.max(total, bad);
  const share = bad / n;
  if (share <= usual) return 0;
  const rest = share < 1 ? (n - bad) * Math.log((1 - share) / (1 - usual)) : 0;
  return bad * Math.log(share / usual) + rest;
}

/** The start from which the tallies surprise most, up to `toMs`. */
export function mostSurprising(
  tallies: readonly Tally[],
  { fromMs, toMs, usual }: { fromMs: number; toMs: number; usual: number },
): { score: number; sinceMs: number; ratio: Ratio } {
  let best = { score: 0, sinceMs: toMs, ratio: { bad: 0, total: 0 } };
  const ratio = { bad: 0, total: 0 };
  const first = Math.floor(fromMs / 1_000);
  for (let second = Math.floor(toMs / 1_000); second >= first; second--) {
    let isBad = false;
    for (const tally of tallies) {
      const one = tally.sum(second * 1_000, second * 1_000);
      ratio.bad += one.bad;
      ratio.total += one.total;
      isBad ||= one.bad > 0;
    }
    if (!isBad) continue;
    const score = surprise(ratio, usual);
    if (score > best.score) best = { score, sinceMs: second * 1_000, ratio: { ...ratio } };
  }
  return best;
}
