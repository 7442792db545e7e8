import type { EdgeSample } from './model.ts';
import type { Spell } from './spell.ts';

/** What is older is learnt from. */
const LATELY_MS = 4_000;
/** So long, in which more than usual may come. */
const WINDOWS_MS = [1_000, 2_000, LATELY_MS];
/** Seconds after which it is known what is usual. */
const LEARNT_AT = 15;
/** Requests a second: who has had no more than this has no usual yet. */
const IDLE = 1;
const SERVICES_MAX = 500;

type Period = { readonly fromMs: number; readonly toMs: number; readonly requests: number };
type Asked = {
  periods: Period[];
  /** Requests a second, of all callers to all instances. */
  usual: number;
  learnt: number;
  /** What is older than lately and has not been learnt from yet: since when, and how much. */
  sinceMs: number;
  requests: number;
  surge?: Spell;
  toldMs: number;
};

/**
 * How much is asked of each service, and whether that has just risen far above what is usual. A rush at
 * the edge need not be one everywhere, and who is asked for something that takes much work can have one
 * of its own: when people come back at once, all of them sign in first.
 */
export class Demand {
  readonly #asked = new Map<string, Asked>();

  /** Takes in what a service's own sidecar counted; other views are of no interest. */
  add({ view, target, atMs, periodMs, requests }: EdgeSample): void {
    if (view !== 'inbound' || !(periodMs > 0)) return;
    const asked = this.#of(target.name, atMs);
    asked.periods.push({ fromMs: atMs - periodMs, toMs: atMs, requests });
    asked.toldMs = atMs;
    forget(asked, atMs - LATELY_MS);
    const far = asked.learnt < LEARNT_AT ? [] : WINDOWS_MS.filter((ms) => isFar(asked, atMs, ms));
    const [longest] = far.slice(-1);
    if (longest === undefined) return;
    const { surge } = asked;
    const goesOn = surge !== undefined && surge.untilMs >= atMs - LATELY_MS;
    asked.surge = { sinceMs: goesOn ? surge.sinceMs : atMs - longest, untilMs: atMs };
  }

  /**
   * When so much more than usual was asked of the service the last time that it may be slow for that;
   * `untilMs` is Infinity while it goes on.
   */
  surgeOf(service: string): Spell | undefined {
    const { surge, toldMs = 0 } = this.#asked.get(service) ?? {};
    // Until something else is told it goes on: who is asked too much tells late.
    return surge && surge.untilMs >= toldMs ? { ...surge, untilMs: Infinity } : surge;
  }

  #of(service: string, atMs: number): Asked {
    let asked = this.#asked.get(service);
    if (!asked) {
      if (this.#asked.size >= SERVICES_MAX) this.#asked.clear();
      asked = {
        periods: [],
        usual: 0,
        learnt: 0,
        sinceMs: atMs - LATELY_MS,
        requests: 0,
        toldMs: atMs,
      };
      this.#asked.set(service, asked);
    }
    return asked;
  }
}

/** Learns, a second at a time, from what came before `beforeMs`. */
function forget(asked: Asked, beforeMs: number): void {
  asked.periods = asked.periods.filter(({ toMs, requests }) => {
    if (toMs < beforeMs) asked.requests += requests;
    return toMs >= beforeMs;
  });
  const seconds = (beforeMs - asked.sinceMs) / 1_000;
  if (seconds < 1) return;
  const rate = asked.requests / seconds;
  // What comes to somebody idle is no surge: what is usual begins with it.
  if (asked.usual < IDLE && rate > 2 * IDLE) asked.learnt = 0;
  const weight = Math.max(0.04, 1 / ++asked.learnt);
  // A surge is learnt slowly.
  asked.usual += (Math.min(rate, asked.usual * 3 + 1) - asked.usual) * weight;
  asked.sinceMs = beforeMs;
  asked.requests = 0;
}

/** Whether what came in so long before `atMs` is neither the usual nor chance. */
function isFar({ periods, usual }: Asked, atMs: number, windowMs: number): boolean {
  const seconds = windowMs / 1_000;
  const rate = requestsSince(periods, atMs - windowMs) / seconds;
  return usual >= IDLE && rate > usual * 2 && rate > usual + 4 * Math.sqrt(usual / seconds) + 2;
}

/** Of a period that began before, the part that came after. */
function requestsSince(periods: readonly Period[], sinceMs: number): number {
  return periods.reduce((sum, { fromMs, toMs, requests }) => {
    const share = Math.min(1, (toMs - sinceMs) / (toMs - fromMs));
    return share <= 0 ? sum : sum + requests * share;
  }, 0);
}
