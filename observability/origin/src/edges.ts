import type { Component } from './finding.ts';
import { Flows, type Way } from './flows.ts';
import { InFlight, STUCK_MS } from './in-flight.ts';
import type { EdgeSample, FailureCounts, LatencyHistogram } from './model.ts';
import type { Row, Rows } from './rows.ts';
import { Shift, shiftLine } from './shift.ts';
import { StoreTalk } from './store-talk.ts';
import { Tally } from './tally.ts';

const SERIES_MAX = 5_000;
const LEARNT_AT = 40;
const GUESSED_AT = 12;
const FULL = 2_000;
const WAITED_MS = 2_500;

type Pool = { boundsMs: readonly number[]; counts: number[]; total: number };
/** What calls usually take, and whether they do not now. */
type Learnt = Pool & { readonly shift: Shift };
type Means = { readonly lately: Tally; usualMs: number; learnt: number };
type Series = {
  readonly inFlight: InFlight;
  /** Where the callee is a store. */
  readonly talk: StoreTalk;
};

/** Whether who calls has just come, and whether who is called came only now. */
type Age = { readonly cold: boolean; readonly fresh: boolean };

/** What crosses an edge over and above the first attempts. */
export type Attempts = {
  readonly caller: string;
  readonly callee: string;
  readonly retries: Tally;
  readonly rescued: Tally;
  /** Endpoints whose breaker is open, as last told by each instance of the caller. */
  readonly open: Map<string, { readonly count: number; readonly atMs: number }>;
  /** Those that can be sent to. */
  readonly ready: Map<string, { readonly count: number; readonly atMs: number }>;
};

/** Turns what sidecars count into rows: failed, slow beyond what is usual, or stuck. */
export class EdgeBook {
  frozen = false;
  readonly attempts = new Map<string, Attempts>();
  #learns = true;
  readonly #rows: Rows;
  /** When an instance last had requests in hand for longer than is usual. */
  readonly #stuckMs = new Map<string, number>();
  readonly #pools = new Map<string, Learnt>();
  /** What attempts took lately, fading by the second. */
  readonly #recent = new Map<string, Pool>();
  readonly #flows = new Flows();
  readonly #means = new Map<string, Means>();
  readonly #series = new Map<string, Series>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /**
   * Takes in a sample; what is `cold` is judged but not learnt from. Of a callee that is `fresh`, what
   * takes long is not judged either: everybody's first calls do.
   */
  add(sample: EdgeSample, { nowMs, cold, fresh }: Age & { nowMs: number }): void {
    const { source, target, view } = sample;
    const component: Component = { kind: target.kind, name: target.name };
    const row = this.#rows.row(
      {
        family: view,
        component,
        caller: source.service,
        ...(view === 'tcp' && source.instance !== undefined && { instance: source.instance }),
        ...(target.instance !== undefined && { instance: target.instance }),
        ...(target.version !== undefined && { version: target.version }),
      },
      nowMs,
    );
    this.#learns = !this.frozen && !cold;
    const series = this.#seriesOf(sample);
    if (view === 'tcp') {
      const { frozen } = this;
      series.talk.add(sample, row, { cold, frozen, isWaitedFor: () => this.#isWaitedFor(sample) });
    } else this.#addHttp(fresh ? withoutTimeouts(sample) : sample, row, { series, fresh });
    if (view === 'endpoint') this.#flows.add(sample);
    if (view === 'route') this.#addAttempts(sample);
    if (view === 'inbound') this.#lookForHalts(sample, nowMs);
  }

  #lookForHalts({ target, atMs }: EdgeSample, nowMs: number): void {
    const caller = target.name;
    if (atMs - (this.#stuckMs.get(target.instance ?? '') ?? 0) > WAITED_MS) {
      if (this.#learns) this.#flows.learn(caller, atMs);
      return;
    }
    const isThere = (callee: string): boolean =>
      [...(this.attempts.get(`${caller} ${callee}`)?.ready.values() ?? [])].some(
        ({ count }) => count > 0,
      );
    for (const component of this.#flows.halts(caller, { atMs, isThere })) {
      this.#rows.row({ family: 'route', component, caller }, nowMs).soft.add(atMs, 1, 1);
    }
  }

  /** Of attempts in the last seconds, in milliseconds; linear within a bucket. */
  latencyOf(caller: string, callee: string): { p50Ms?: number; p99Ms?: number } {
    const recent = this.#recent.get(`${caller} ${callee}`);
    if (!recent || recent.total < 0.5) return {};
    return { p50Ms: quantile(recent, 0.5), p99Ms: quantile(recent, 0.99) };
  }

  /**
   * By how much the mean of a view has risen since `sinceMs`, in milliseconds; undefined where too
   * little is known.
   */
  shiftOf(view: 'route' | 'endpoint', { caller, callee, sinceMs }: Way): number | undefined {
    const means = this.#means.get(`${view} ${caller} ${callee}`);
    if (!means || means.learnt < GUESSED_AT) return undefined;
    // A tally of milliseconds among replies.
    const { bad: sumMs, total } = means.lately.sum(sinceMs);
    return total < 3 ? undefined : sumMs / total - means.usualMs;
  }

  /** Whether the caller has stopped to send to the callee, which is there, while others wait for it. */
  isHalted(of: Way): boolean {
    return this.#flows.isHalted(of);
  }

  /** How many calls the caller has sent to instances of the callee since then. */
  sentSince(of: Way): number {
    return this.#flows.sentSince(of);
  }

  /** Whether any caller keeps from an endpoint of the callee. */
  isHeldBackByAny(callee: string): boolean {
    return [...this.attempts.values()].some(
      (one) => one.callee === callee && this.isHeldBack(one.caller, callee),
    );
  }

  /** Whether the caller keeps from an endpoint of the callee because it failed. */
  isHeldBack(caller: string, callee: string): boolean {
    const open = this.attempts.get(`${caller} ${callee}`)?.open.values() ?? [];
    return [...open].some(({ count }) => count > 0);
  }

  #addHttp(
    sample: EdgeSample,
    row: Row,
    { series, fresh }: { series: Series; fresh: boolean },
  ): void {
    const { failures, view, periodMs } = sample;
    const { nobody, hard } = failed(failures);
    // The caller gave up: nobody can tell more than that it took too long. The route tells it by itself.
    const cancelled = failures.cancelled ?? 0;
    const givenUp = view === 'endpoint' ? 0 : cancelled;
    const responses = sample.responses - (cancelled - givenUp);
    const late = this.#slow(sample) + givenUp + this.#stuck(sample, series);
    const soft = fresh ? 0 : late;
    const at = sample.atMs - periodMs / 2;
    if (hard > 0 || responses > 0) row.hard.add(at, hard, responses);
    if (soft > 0 || responses > 0) row.soft.add(at, soft, Math.max(responses, soft));
    if (nobody > 0) row.nobody.add(at, nobody, nobody);
    if (view === 'endpoint') this.#remember(sample);
    if (view !== 'inbound') this.#average(sample);
  }

  /** Calls that have been under way for a second although such calls are not usually. */
  #stuck(sample: EdgeSample, { inFlight }: Series): number {
    const { view, target, atMs } = sample;
    const { odd, news } = inFlight.add(sample, { learns: !this.frozen });
    if (view === 'inbound' && odd >= 1 && target.instance !== undefined) {
      if (this.#stuckMs.size >= SERIES_MAX) this.#stuckMs.clear();
      this.#stuckMs.set(target.instance, atMs);
    }
    return Math.min(this.#isShort(sample) ? odd : 0, news);
  }

  #average({ view, source, target, latency, atMs, periodMs }: EdgeSample): void {
    if (!latency || latency.count === 0) return;
    const key = `${view} ${source.service} ${target.name}`;
    let means = this.#means.get(key);
    if (!means) {
      if (this.#means.size >= SERIES_MAX) this.#means.clear();
      means = { lately: new Tally(), usualMs: latency.sumMs / latency.count, learnt: 0 };
      this.#means.set(key, means);
    }
    means.lately.add(atMs - periodMs / 2, latency.sumMs, latency.count);
    if (!this.#learns) return;
    const weight = Math.min(
      0.3,
      latency.count / (means.learnt + latency.count),
      latency.count / 100,
    );
    means.usualMs += (latency.sumMs / latency.count - means.usualMs) * weight;
    means.learnt = Math.min(1_000, means.learnt + latency.count);
  }

  #remember({ source, target, latency, periodMs }: EdgeSample): void {
    if (!latency) return;
    const key = `${source.service} ${target.name}`;
    const before = this.#recent.get(key);
    const kept = 0.8 ** (periodMs / 1_000);
    const counts = latency.counts.map((count, at) => count + (before?.counts[at] ?? 0) * kept);
    const total = latency.count + (before?.total ?? 0) * kept;
    if (this.#recent.size >= SERIES_MAX) this.#recent.clear();
    this.#recent.set(key, { boundsMs: latency.boundsMs, counts, total });
  }

  /** Whether calls of this kind are known to take so little that a second is long. */
  #isShort({ view, source, target }: EdgeSample): boolean {
    const pool = this.#pools.get(`${view} ${source.service} ${target.name}`);
    return pool !== undefined && pool.total >= 5 && quantile(pool, 0.5) * 3 <= STUCK_MS;
  }

  #slow({ latency, view, source, target }: EdgeSample): number {
    if (!latency || latency.count === 0) return 0;
    const key = `${view} ${source.service} ${target.name}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const counts = latency.counts.map(() => 0);
      pool = { boundsMs: latency.boundsMs, counts, total: 0, shift: new Shift() };
      if (this.#pools.size >= SERIES_MAX) this.#pools.clear();
      this.#pools.set(key, pool);
    }
    const shifted = shiftedOf(pool);
    pool.shift.note(countFrom(shifted, latency), latency.count);
    const line = pool.shift.isNow ? Math.min(shifted, lineOf(pool)) : lineOf(pool);
    if (this.#learns) learn(pool, latency, line);
    return countFrom(line, latency);
  }

  #isWaitedFor({ source, atMs }: EdgeSample): boolean {
    const stuckMs = this.#stuckMs.get(source.instance ?? source.service) ?? 0;
    return atMs - stuckMs < WAITED_MS;
  }

  #addAttempts(sample: EdgeSample): void {
    const { source, target, atMs } = sample;
    const key = `${source.service} ${target.name}`;
    let attempts = this.attempts.get(key);
    if (!attempts) {
      attempts = {
        caller: source.service,
        callee: target.name,
        retries: new Tally(),
        rescued: new Tally(),
        open: new Map(),
        ready: new Map(),
      };
      if (this.attempts.size >= SERIES_MAX) this.attempts.clear();
      this.attempts.set(key, attempts);
    }
    attempts.retries.add(atMs, sample.retries, sample.requests);
    attempts.rescued.add(atMs, sample.retrySuccesses, sample.requests);
    const { endpointsPending, endpointsReady } = sample;
    const by = source.instance ?? '';
    if (endpointsPending !== undefined) attempts.open.set(by, { count: endpointsPending, atMs });
    if (endpointsReady !== undefined) attempts.ready.set(by, { count: endpointsReady, atMs });
  }

  #seriesOf({ view, source, target }: EdgeSample): Series {
    const key = `${view} ${source.service} ${source.instance ?? ''} ${target.name} ${target.instance ?? ''}`;
    let series = this.#series.get(key);
    if (!series) {
      if (this.#series.size >= SERIES_MAX) this.#series.clear();
      series = { inFlight: new InFlight(), talk: new StoreTalk() };
      this.#series.set(key, series);
    }
    return series;
  }
}

function withoutTimeouts(sample: EdgeSample): EdgeSample {
  return { ...sample, failures: { ...sample.failures, timeout: 0 } };
}

/** The first bucket that is slow: above what 99 of 100 take, and well above what half of them take. */
function lineOf(pool: Pool): number {
  if (pool.total < GUESSED_AT) return pool.counts.length;
  const [times, more] = pool.total < LEARNT_AT ? [6, 200] : [3, 40];
  const medianMs = boundOf(pool, 0.5);
  return bucketAbove(pool, Math.max(boundOf(pool, 0.99), medianMs * times, medianMs + more));
}

/** The first bucket that is slow when most calls are in it or above. */
function shiftedOf(pool: Pool): number {
  if (pool.total < LEARNT_AT) return pool.counts.length;
  return bucketAbove(pool, Math.max(boundOf(pool, 0.9), shiftLine(boundOf(pool, 0.5))));
}

/** The upper bound of the bucket that so many calls are in or below, in milliseconds. */
function boundOf({ counts, total, boundsMs }: Pool, share: number): number {
  let below = 0;
  const at = counts.findIndex((count) => (below += count) >= total * share);
  return boundsMs[at] ?? Infinity;
}

/** The first bucket all of which is above; the last one where only that can be. */
function bucketAbove({ boundsMs, counts }: Pool, leastMs: number): number {
  if (leastMs === Infinity) return counts.length;
  const at = boundsMs.findIndex((boundMs) => boundMs >= leastMs);
  return at < 0 ? boundsMs.length : at + 1;
}

/** How many calls are in that bucket or above. */
function countFrom(line: number, { counts }: LatencyHistogram): number {
  return counts.slice(line).reduce((sum, count) => sum + count, 0);
}

function learn(pool: Pool, latency: LatencyHistogram, line: number): void {
  for (let at = 0; at < pool.counts.length; at++) {
    const into = Math.min(at, Math.max(line, 0), pool.counts.length - 1);
    pool.counts[into] = (pool.counts[into] ?? 0) + (latency.counts[at] ?? 0);
  }
  pool.total += latency.count;
  if (pool.total < FULL) return;
  pool.counts = pool.counts.map((count) => count / 2);
  pool.total /= 2;
}

/** `nobody` are those of `hard` that found nobody to ask. */
function failed({
  failfast = 0,
  shed = 0,
  connect = 0,
  status = 0,
  reset = 0,
  timeout = 0,
}: FailureCounts) {
  const nobody = failfast + shed + connect;
  return { nobody, hard: nobody + status + reset + timeout };
}

/** Linear within a bucket; of those beyond the last bound nothing is known but that bound. */
function quantile({ counts, total, boundsMs }: Pool, share: number): number {
  let left = total * share;
  for (let at = 0; at < boundsMs.length; at++) {
    const count = counts[at] ?? 0;
    const [from, to] = [boundsMs[at - 1] ?? 0, boundsMs[at] ?? 0];
    if (count > 0 && left <= count) return from + (to - from) * (left / count);
    left -= count;
  }
  return boundsMs.at(-1) ?? 0;
}
