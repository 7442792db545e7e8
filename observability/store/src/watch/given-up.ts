import type { EdgeSample } from '@faultline/origin/model';

/** Longer than a service takes to answer, so that in the meantime every call that is answered has been. */
const WINDOW_MS = 12_000;
const SERIES_MAX = 10_000;

type Way = {
  /** Calls without an answer so far. */
  pending: number;
  /** The fewest at a time, of late: for each look that was not yet followed by one with fewer. */
  lows: { atMs: number; pending: number }[];
  sinceMs: number;
};

/**
 * Linkerd counts a call that its caller gives up when it begins, and nowhere its end, so that it would
 * be under way for ever. Those that were under way all the time for a while are taken for given up, and
 * their ends are added to what is told.
 */
export class GivenUp {
  readonly #ways = new Map<string, Way>();

  /** The samples with the ends that nobody told of. */
  settle(samples: readonly EdgeSample[]): EdgeSample[] {
    return samples.map((sample) => {
      const ended = this.#ended(sample);
      return ended === 0 ? sample : { ...sample, responses: sample.responses + ended };
    });
  }

  #ended({ view, source, target, requests, responses, atMs }: EdgeSample): number {
    const key = [view, source.service, source.instance, target.name, target.instance].join(' ');
    const way = this.#ways.get(key) ?? { pending: 0, lows: [], sinceMs: atMs };
    // The one that was heard of longest ago makes room.
    this.#ways.delete(key);
    const [oldest] = this.#ways.keys();
    if (oldest !== undefined && this.#ways.size >= SERIES_MAX) this.#ways.delete(oldest);
    this.#ways.set(key, way);
    way.pending = Math.max(0, way.pending + requests - responses);
    while ((way.lows.at(-1)?.pending ?? -1) >= way.pending) way.lows.pop();
    way.lows.push({ atMs, pending: way.pending });
    const fromMs = atMs - WINDOW_MS;
    if (way.sinceMs > fromMs) return 0;
    while ((way.lows[0]?.atMs ?? atMs) < fromMs) way.lows.shift();
    const ended = way.lows[0]?.pending ?? 0;
    if (ended === 0) return 0;
    way.pending -= ended;
    way.lows = [{ atMs, pending: way.pending }];
    way.sinceMs = atMs;
    return ended;
  }
}
