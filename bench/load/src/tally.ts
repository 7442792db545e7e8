import { Histogram } from './histogram.ts';
import type { OrderCounts } from './order-book.ts';
import type { Failure, Outcome } from './outcome.ts';
import type { ErrorCounts, JourneyCounts, LoadReport, StepCounts } from './report.ts';

type Counted<T> = Omit<T, 'latency_ms'> & { latency: Histogram };

/** Kinds of failure told apart; beyond that they are counted together. */
const errorsMax = 100;

/** Adds up what a run meets, in memory that does not grow with it. */
export class Tally {
  readonly #all = new Histogram();
  readonly #lag = new Histogram();
  readonly #journeys = new Map<string, Counted<JourneyCounts>>();
  readonly #steps = new Map<string, Counted<StepCounts>>();
  readonly #errors = new Map<string, ErrorCounts>();
  #inFlight = 0;
  #unfinished = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Somebody was sent off, so much later than he should have been. */
  started(journey: string, lagMs: number): void {
    this.#inFlight++;
    this.#journey(journey).started++;
    this.#lag.record(lagMs);
  }

  shed(journey: string): void {
    this.#journey(journey).shed++;
  }

  ended(journey: string, how: 'completed' | 'failed' | 'unfinished', latencyMs: number): void {
    this.#inFlight--;
    if (how === 'unfinished') {
      this.#unfinished++;
      return;
    }
    const counts = this.#journey(journey);
    counts[how]++;
    counts.latency.record(latencyMs);
  }

  request({ step, latencyMs, failure, degraded, atMs }: Outcome): void {
    const counts = getOrAdd(this.#steps, step, newStep);
    counts.requests++;
    counts.latency.record(latencyMs);
    this.#all.record(latencyMs);
    if (degraded) counts.degraded++;
    if (failure === null) return;
    counts.failed++;
    this.#error(failure, { step, atMs });
  }

  report(
    run: Pick<LoadReport, 'target' | 'seed' | 'duration_ms'> & {
      rps: number;
      orders: OrderCounts;
    },
  ): LoadReport {
    const { target, seed, duration_ms, orders } = run;
    const steps = [...this.#steps.values()];
    const requests = this.#all.count;
    const seconds = Math.max(duration_ms, 1) / 1_000;
    return {
      target,
      seed,
      rps: { asked: run.rps, sent: Math.round((requests / seconds) * 10) / 10 },
      duration_ms,
      requests,
      failed: sum(steps, ({ failed }) => failed),
      degraded: sum(steps, ({ degraded }) => degraded),
      shed: sum([...this.#journeys.values()], ({ shed }) => shed),
      in_flight: this.#inFlight,
      unfinished: this.#unfinished,
      latency_ms: this.#all.spread(),
      lag_ms: this.#lag.spread(),
      journeys: withSpread(this.#journeys),
      steps: withSpread(this.#steps),
      errors: [...this.#errors.values()]
        .map((error) => ({ ...error, steps: { ...error.steps } }))
        .toSorted((a, b) => b.count - a.count),
      orders,
    };
  }

  #journey(name: string): Counted<JourneyCounts> {
    return getOrAdd(this.#journeys, name, newJourney);
  }

  #error({ kind, name, detail, traceId }: Failure, at: { step: string; atMs: number }): void {
    const isKnown = this.#errors.has(name) || this.#errors.size < errorsMax;
    const cause = isKnown ? name : `other ${kind}`;
    const error = getOrAdd<ErrorCounts>(this.#errors, cause, () => ({
      cause,
      kind,
      count: 0,
      steps: {},
      first_at_ms: Math.round(at.atMs),
      last_at_ms: 0,
      example: { step: at.step, detail, trace_id: traceId },
    }));
    error.count++;
    error.steps[at.step] = (error.steps[at.step] ?? 0) + 1;
    error.last_at_ms = Math.round(at.atMs);
  }
}

function newJourney(): Counted<JourneyCounts> {
  return { started: 0, completed: 0, failed: 0, shed: 0, latency: new Histogram() };
}

function newStep(): Counted<StepCounts> {
  return { requests: 0, failed: 0, degraded: 0, latency: new Histogram() };
}

function getOrAdd<T>(map: Map<string, T>, name: string, create: () => T): T {
  const found = map.get(name) ?? create();
  map.set(name, found);
  return found;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function withSpread<T extends { latency: Histogram }>(map: ReadonlyMap<string, T>) {
  return Object.fromEntries(
    [...map].map(([name, { latency, ...counts }]) => [
      name,
      { ...counts, latency_ms: latency.spread() },
    ]),
  );
}
