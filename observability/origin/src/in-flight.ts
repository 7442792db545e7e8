import type { EdgeSample } from './model.ts';

/** Calls are stuck that have been under way for a second, give or take what timers do. */
export const STUCK_MS = 900;
/** Longer than any call is waited for. */
const LOST_MS = 25_000;
/** More than a wobble of what is usual. */
const ODD_LEAST = 0.2;

/** How many calls were under way when a sidecar was looked at. */
type Look = { readonly atMs: number; readonly pending: number; responsesSince: number };

/** The calls of one caller to one callee that are under way, by what a sidecar counts of them. */
export class InFlight {
  #pending = 0;
  /** Those of the last second, and the last one before it. */
  #looks: Look[] = [];
  /** Told to be stuck, as far as they may still be, and those of them that were new. */
  #knownStuck = 0;
  #newlyStuck = 0;
  /** Since when there has been one at every look. */
  #stuckSinceMs: number | undefined;
  /** How many usually are: streams. */
  #usualStuck = 0;

  /**
   * Takes in a sample. `odd` is how many calls have been under way for a second beyond what usually
   * are, `news` how much that says that has not been said before.
   */
  add(sample: EdgeSample, { learns }: { learns: boolean }): { odd: number; news: number } {
    const { requests, responses, atMs, periodMs } = sample;
    const stuck = this.#stuck(sample);
    this.#writeOff(stuck, atMs);
    this.#pending = Math.max(0, this.#pending + requests - responses);
    this.#looks.push({ atMs, pending: this.#pending, responsesSince: 0 });
    const odd = Math.max(0, stuck - this.#usualStuck * 2 - ODD_LEAST);
    if (learns) {
      const weight = Math.min(0.2, (0.05 * periodMs) / 1_000);
      this.#usualStuck += (Math.min(stuck, this.#usualStuck + 1) - this.#usualStuck) * weight;
    }
    return { odd, news: this.#told(stuck, endedLate(sample)) };
  }

  /** How many of the calls that were under way a second ago have not ended since. */
  #stuck({ atMs, responses }: EdgeSample): number {
    const looks = this.#looks;
    for (const look of looks) look.responsesSince += responses;
    while ((looks[1]?.atMs ?? Infinity) <= atMs - STUCK_MS) looks.shift();
    const [then] = looks;
    if (!then || then.atMs > atMs - STUCK_MS) return 0;
    return Math.max(0, then.pending - then.responsesSince);
  }

  /** Calls whose end nobody has told of for so long have ended untold. */
  #writeOff(stuck: number, atMs: number): void {
    if (stuck < 1) this.#stuckSinceMs = undefined;
    else this.#stuckSinceMs ??= atMs;
    if (atMs - (this.#stuckSinceMs ?? atMs) < LOST_MS) return;
    this.#pending = 0;
    this.#looks = [];
    this.#stuckSinceMs = undefined;
  }

  /**
   * How much the stuck calls say: each one twice, when it is late and when it is too late for a pause.
   * After that it is the same call again, or one whose end was lost, and says nothing new, though
   * calls that come and go beside it hide it now and then.
   */
  #told(stuck: number, ended: number): number {
    const known = Math.max(0, Math.min(this.#knownStuck, this.#pending) - ended);
    const isNew = Math.max(0, stuck - known);
    const again = Math.min(this.#newlyStuck, stuck - isNew);
    this.#knownStuck = known + isNew;
    this.#newlyStuck = isNew;
    return isNew + again;
  }
}

/** How many calls have ended, or were given up, that had been under way for so long. */
function endedLate({ latency, failures }: EdgeSample): number {
  const { timeout = 0, cancelled = 0 } = failures;
  if (!latency) return timeout + cancelled;
  const from = latency.boundsMs.findIndex((boundMs) => boundMs >= STUCK_MS) + 1;
  const late = from === 0 ? 0 : latency.counts.slice(from).reduce((sum, count) => sum + count, 0);
  return late + timeout + cancelled;
}
