import type { Spell } from './spell.ts';

const SECONDS = 120;
const LEARNT_AT = 10;
/** Requests a second: who has had no more than this has no usual yet. */
const IDLE = 1;
/** A rush that does no harm for so long does none. */
const BORNE_MS = 10_000;
const BORNE_AT = 20;
const BORNE_SHARE = 0.05;
/** Less than this tells chance from a rush too seldom. */
const GUESSED_SECONDS = 0.9;

type Guess = { readonly requests: number; readonly seconds: number };

/** The rate of requests at the edge, and whether it has just risen far above what is usual. */
export class Rush {
  readonly #counts = new Float32Array(SECONDS);
  readonly #ended = new Float32Array(SECONDS);
  readonly #failed = new Float32Array(SECONDS);
  readonly #slow = new Float32Array(SECONDS);
  #second = 0;
  #usual = 0;
  #learnt = 0;
  #sinceMs: number | undefined;
  #peak = 1;
  /** What has come since a rush was guessed that is not certain yet. */
  #guessed: Guess | undefined;
  #isCounted = false;
  #last: Spell | undefined;
  /** What the edge's sidecar has told of since the last guess. */
  #period = { requests: 0, seconds: 0 };
  /** Requests a second in the period before. */
  #latest = 0;
  /** Which seconds the edge's sidecar has told of. */
  readonly #told = new Float32Array(SECONDS);

  /** A request as its span tells of it, when it is over. */
  add(atMs: number, outcome: 'fine' | 'failed' | 'slow'): void {
    const at = this.#at(atMs);
    if (at === undefined) return;
    if (!this.#isCounted) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#ended[at] = (this.#ended[at] ?? 0) + 1;
    if (outcome === 'failed') this.#failed[at] = (this.#failed[at] ?? 0) + 1;
    if (outcome === 'slow') this.#slow[at] = (this.#slow[at] ?? 0) + 1;
  }

  /**
   * Requests as the edge's sidecar counts them, in the `periodMs` before `atMs`: sooner than spans
   * come, and also those that never end.
   */
  count({ atMs, periodMs, requests }: { atMs: number; periodMs: number; requests: number }): void {
    if (!this.#isCounted) this.#counts.fill(0);
    this.#isCounted = true;
    const parts = Math.min(SECONDS, Math.max(1, Math.round(periodMs / 250)));
    for (let part = 0; part < parts; part++) {
      const at = this.#at(atMs - (periodMs * (part + 0.5)) / parts);
      if (at === undefined) continue;
      this.#counts[at] = (this.#counts[at] ?? 0) + requests / parts;
      this.#told[at] = 1;
    }
    this.#period.requests += requests;
    this.#period.seconds += Math.max(0, periodMs) / 1_000;
    const period = this.#period;
    if (period.seconds < GUESSED_SECONDS) return;
    this.#period = { requests: 0, seconds: 0 };
    this.#latest = period.requests / period.seconds;
    this.#guess({ ...period, fromMs: atMs - period.seconds * 1_000 });
  }

  /**
   * One period tells already when it is far beyond what chance makes of the usual rate. But people
   * come in bursts: what those after it do not bear out was none.
   */
  #guess({ requests, seconds, fromMs }: Guess & { fromMs: number }): void {
    const before = this.#guessed ?? { requests: 0, seconds: 0 };
    const all = { requests: before.requests + requests, seconds: before.seconds + seconds };
    const isFar = this.#isFar(all.requests / all.seconds, all.seconds);
    if (this.#guessed) {
      if (isFar) this.#guessed = all;
      else this.#end();
    } else if (this.#sinceMs === undefined && isFar) {
      this.#guessed = all;
      this.#sinceMs = fromMs;
    }
  }

  /** Since when there has been a rush, and how many times the usual rate it is. */
  get now(): { readonly sinceMs: number; readonly factor: number } | undefined {
    return this.#sinceMs === undefined ? undefined : { sinceMs: this.#sinceMs, factor: this.#peak };
  }

  /** The rush that is, or else the last one there was. */
  get latest(): Spell | undefined {
    return this.#sinceMs === undefined ? this.#last : { sinceMs: this.#sinceMs, untilMs: Infinity };
  }

  get usualPerSecond(): number {
    return this.#usual;
  }

  /** Requests that began from `sinceMs` on and have ended. */
  sum(sinceMs: number): { total: number; failed: number; slow: number } {
    const sum = { total: 0, failed: 0, slow: 0 };
    const first = Math.max(Math.floor(sinceMs / 1_000), this.#second - SECONDS + 1);
    for (let second = first; second <= this.#second; second++) {
      sum.total += this.#ended[second % SECONDS] ?? 0;
      sum.failed += this.#failed[second % SECONDS] ?? 0;
      sum.slow += this.#slow[second % SECONDS] ?? 0;
    }
    return sum;
  }

  #at(atMs: number): number | undefined {
    const second = Math.floor(atMs / 1_000);
    if (second > this.#second) this.#advance(second);
    return second <= this.#second - SECONDS ? undefined : second % SECONDS;
  }

  #advance(second: number): void {
    if (this.#second > 0) this.#look();
    const from = Math.max(this.#second + 1, second - SECONDS + 1);
    for (let cleared = from; cleared <= second; cleared++) {
      const at = cleared % SECONDS;
      this.#counts[at] = 0;
      this.#ended[at] = 0;
      this.#failed[at] = 0;
      this.#slow[at] = 0;
      this.#told[at] = 0;
    }
    this.#second = second;
  }

  /** Looks at the second before the last: requests are counted when their spans come, a little late. */
  #look(): void {
    const rate = this.#mean(3, 2);
    // Who is not heard of is not idle.
    if (rate === undefined) return;
    // Who comes to somebody idle is no rush: what is usual begins with them.
    if (this.#usual < IDLE && rate > 2 * IDLE) this.#learnt = 0;
    const isRush = this.#isFar(rate, 3);
    const least = Math.max(this.#usual, IDLE) * 1.4;
    if (isRush) {
      this.#guessed = undefined;
      this.#sinceMs ??= (this.#second - 4) * 1_000;
      this.#peak = Math.max(this.#peak, rate / this.#usual);
    }
    const isBorne = isRush && this.#isBorne();
    if (isBorne) this.#usual = rate;
    if (isBorne || (rate < least && this.#latest < least)) this.#end();
    this.#learnt++;
    // What lasts becomes usual in a few minutes.
    const weight = this.#learnt < LEARNT_AT ? 0.3 : isRush ? 0.003 : 0.04;
    this.#usual += (rate - this.#usual) * weight;
  }

  #end(): void {
    if (this.#sinceMs !== undefined) {
      this.#last = { sinceMs: this.#sinceMs, untilMs: this.#second * 1_000 };
    }
    this.#guessed = undefined;
    this.#sinceMs = undefined;
    this.#peak = 1;
  }

  /** Whether as many have come for a while and been served as ever: what breaks later breaks by itself. */
  #isBorne(): boolean {
    const sinceMs = this.#sinceMs ?? Infinity;
    if (this.#second * 1_000 - sinceMs < BORNE_MS) return false;
    const { total, failed, slow } = this.sum(sinceMs);
    return total >= BORNE_AT && failed + slow < total * BORNE_SHARE;
  }

  /** Whether so many a second, for so long, are neither the usual nor chance. */
  #isFar(rate: number, seconds: number): boolean {
    const usual = this.#usual;
    if (this.#learnt <= LEARNT_AT || usual < IDLE) return false;
    const chance = 5 * Math.sqrt(usual / seconds) + 2;
    return rate > usual * 1.8 && rate > usual + chance;
  }

  #mean(seconds: number, skipped: number): number | undefined {
    let total = 0;
    let told = 0;
    for (let back = skipped; back < skipped + seconds; back++) {
      const at = (this.#second - back + SECONDS) % SECONDS;
      if (this.#isCounted && this.#told[at] === 0) continue;
      told++;
      total += this.#counts[at] ?? 0;
    }
    return told < seconds - 1 ? undefined : total / told;
  }
}
