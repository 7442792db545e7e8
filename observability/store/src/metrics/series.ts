import type { SpanScan } from '../wire/span-scan.ts';

/** Upper bounds of the duration buckets; one more bucket counts what is above them all. */
export const BOUNDS_MS: readonly number[] = [
  2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1_000, 1_400, 2_000, 5_000, 10_000, 15_000,
];
const BUCKETS = BOUNDS_MS.length + 1;

/** Counts are kept for each of these spans of time, back to an hour and the rate window before it. */
export const STEP_MS = 30_000;
export const STEPS = 144;

/** Of a step: the buckets, and behind them the calls that failed. */
export const CELLS = BUCKETS + 1;
export const ERRORS = BUCKETS;

/** Slow is what takes longer than all but this share of its operation's calls. */
const SLOW_QUANTILE = 0.99;
/** Fewer calls say nothing about what is usual. */
const SLOW_CALLS_MIN = 100;
/** Of `Span.SpanKind`. */
const CLIENT = 3;

export type SeriesId = { service: string; version: string; operation: string; kind: number };

/** A trace that shows what a bucket counts. */
export type Exemplar = { traceId: string; spanId: string; durationMs: number; atMs: number };

const EXEMPLAR_MS = 1_000;

/** Which bucket counts a duration. */
function bucketOf(durationMs: number): number {
  let bucket = 0;
  while (bucket < BOUNDS_MS.length && durationMs > (BOUNDS_MS[bucket] ?? 0)) bucket += 1;
  return bucket;
}

/** Calls of one operation of one version of a service: totals, and the last hour step by step. */
export class Series {
  readonly service: string;
  readonly version: string;
  readonly operation: string;
  readonly kind: number;
  /** Well and badly ended calls by duration, and the time both took together. */
  readonly ok = new Float64Array(BUCKETS);
  readonly failed = new Float64Array(BUCKETS);
  okSumMs = 0;
  failedSumMs = 0;
  calls = 0;
  /** The latest for each bucket: those that ended well, then those that did not. */
  readonly exemplars: (Exemplar | undefined)[] = [];
  /** Made with the first call; rows of buckets and errors, a row for each step, as a ring. */
  #steps: Uint32Array | undefined;
  /** Number of the latest step since the epoch. */
  #latest = 0;
  #first = 0;

  constructor({ service, version, operation, kind }: SeriesId) {
    this.service = service;
    this.version = version;
    this.operation = operation;
    this.kind = kind;
  }

  /** Whether the span takes much longer than is usual here. A client merely waits. */
  isSlow({ durationUs }: SpanScan): boolean {
    return (
      this.kind !== CLIENT &&
      this.calls >= SLOW_CALLS_MIN &&
      durationUs / 1_000 > this.#quantileBoundMs(SLOW_QUANTILE)
    );
  }

  /** Counts the span that `scan` stands at as having come in at `nowMs`. */
  record(scan: SpanScan, nowMs: number): void {
    const durationMs = scan.durationUs / 1_000;
    const bucket = bucketOf(durationMs);
    const counts = scan.isError ? this.failed : this.ok;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    if (scan.isError) this.failedSumMs += durationMs;
    else this.okSumMs += durationMs;
    this.calls += 1;
    this.#exemplify(scan, { bucket, durationMs, atMs: nowMs });
    const step = this.#turnTo(Math.floor(nowMs / STEP_MS));
    if (!this.#steps) this.#first = step;
    const steps = (this.#steps ??= new Uint32Array(STEPS * CELLS));
    const row = (step % STEPS) * CELLS;
    steps[row + bucket] = (steps[row + bucket] ?? 0) + 1;
    if (scan.isError) steps[row + ERRORS] = (steps[row + ERRORS] ?? 0) + 1;
  }

  /** The upper bound of the bucket in which this share of all calls has ended. */
  #quantileBoundMs(quantile: number): number {
    let left = this.calls * quantile;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= (this.ok[bucket] ?? 0) + (this.failed[bucket] ?? 0);
      if (left <= 0) return BOUNDS_MS[bucket] ?? Infinity;
    }
    return Infinity;
  }

  /** Number, since the epoch, of the first step that is still known. */
  get firstStep(): number {
    return Math.max(this.#first, this.#latest - STEPS + 1);
  }

  /** Number of the step in which the latest call came. */
  get lastStep(): number {
    return this.#latest;
  }

  /** Adds its counts to rows of {@link CELLS}, the first of which is that of `fromStep`. */
  addSteps(rows: Float64Array, fromStep: number): void {
    const steps = this.#steps;
    if (!steps) return;
    const last = Math.min(this.#latest, fromStep + rows.length / CELLS - 1);
    for (let step = Math.max(fromStep, this.#latest - STEPS + 1); step <= last; step++) {
      const from = (step % STEPS) * CELLS;
      const to = (step - fromStep) * CELLS;
      for (let cell = 0; cell < CELLS; cell++) {
        rows[to + cell] = (rows[to + cell] ?? 0) + (steps[from + cell] ?? 0);
      }
    }
  }

  /** Keeps the span as its bucket's exemplar, once a second at most. */
  #exemplify(scan: SpanScan, call: { bucket: number; durationMs: number; atMs: number }): void {
    const { bucket, durationMs, atMs } = call;
    const index = scan.isError ? bucket + BUCKETS : bucket;
    const known = this.exemplars[index];
    if (known && atMs - known.atMs < EXEMPLAR_MS) return;
    this.exemplars[index] = {
      traceId: scan.bytes.toString('hex', scan.traceId, scan.traceId + 16),
      spanId: scan.bytes.toString('hex', scan.spanId, scan.spanId + 8),
      durationMs,
      atMs,
    };
  }

  /** Empties the rows between the latest step and this one; never goes back. */
  #turnTo(step: number): number {
    if (step <= this.#latest) return this.#latest;
    const passed = Math.min(step - this.#latest, STEPS);
    for (let back = 0; back < passed; back++) {
      const row = ((step - back) % STEPS) * CELLS;
      this.#steps?.fill(0, row, row + CELLS);
    }
    this.#latest = step;
    return step;
  }
}
