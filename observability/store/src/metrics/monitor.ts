import { BOUNDS_MS, CELLS, ERRORS, type Series, STEP_MS, STEPS } from './series.ts';
import { KIND_NAMES, type SpanMetrics } from './span-metrics.ts';

/** A range of one kind of measure over some services. Times and durations are milliseconds. */
export type MonitorQuery = {
  readonly measure: 'latencies' | 'calls' | 'errors';
  readonly services: readonly string[];
  /** Names of {@link KIND_NAMES}. */
  readonly kinds: readonly string[];
  readonly groupByOperation: boolean;
  readonly endMs: number;
  readonly lookbackMs: number;
  readonly stepMs: number;
  /** The window over which each point is taken. */
  readonly ratePerMs: number;
  /** Of latencies, 0 to 1. */
  readonly quantile: number;
};

export type MonitorPoint = { readonly atMs: number; readonly value: number };

/** The points of one service, or of one of its operations. */
export type MonitorSeries = {
  readonly service: string;
  readonly operation: string | undefined;
  readonly points: readonly MonitorPoint[];
};

/**
 * Latency quantiles (ms), call rates (per second) or error shares (0 to 1) over time. Points at
 * which there was nothing to measure are left out.
 */
export function monitor(metrics: SpanMetrics, query: MonitorQuery): MonitorSeries[] {
  const groups = new Map<string, Series[]>();
  for (const series of metrics.series()) {
    if (!query.services.includes(series.service)) continue;
    if (!query.kinds.includes(KIND_NAMES[series.kind] ?? '')) continue;
    const key = query.groupByOperation ? `${series.service}\0${series.operation}` : series.service;
    groups.set(key, [...(groups.get(key) ?? []), series]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const points = pointsOf(group, query);
    const operation = query.groupByOperation ? first.operation : undefined;
    return points.length === 0 ? [] : [{ service: first.service, operation, points }];
  });
}

function pointsOf(group: readonly Series[], query: MonitorQuery): MonitorPoint[] {
  const firstStep = Math.max(
    Math.min(...group.map((series) => series.firstStep)),
    Math.max(...group.map((series) => series.lastStep)) - STEPS + 1,
  );
  const totals = new Totals(group, firstStep);
  const points: MonitorPoint[] = [];
  for (let atMs = query.endMs - query.lookbackMs; atMs <= query.endMs; atMs += query.stepMs) {
    if (atMs < firstStep * STEP_MS) continue;
    const value = valueOf(totals.between(atMs - query.ratePerMs, atMs), query);
    if (Number.isFinite(value)) points.push({ atMs, value });
  }
  return points;
}

/** Counts of a group, cumulated over its steps, so that any window is one subtraction. */
class Totals {
  readonly #rows = new Float64Array((STEPS + 1) * CELLS);
  readonly #firstStep: number;

  constructor(group: readonly Series[], firstStep: number) {
    this.#firstStep = firstStep;
    const rows = this.#rows;
    // The first row stays empty: it is what was counted before anything was.
    for (const series of group) series.addSteps(rows.subarray(CELLS), firstStep);
    for (let at = CELLS; at < rows.length; at++)
      rows[at] = (rows[at] ?? 0) + (rows[at - CELLS] ?? 0);
  }

  between(fromMs: number, toMs: number): Float64Array {
    const before = this.#row(fromMs);
    return this.#row(toMs).map((count, cell) => count - (before[cell] ?? 0));
  }

  /** What was counted up to the end of the step in which this lies. */
  #row(ms: number): Float64Array {
    const step = Math.floor(ms / STEP_MS) - this.#firstStep + 1;
    const at = Math.min(Math.max(step, 0), STEPS) * CELLS;
    return this.#rows.subarray(at, at + CELLS);
  }
}

function valueOf(counts: Float64Array, query: MonitorQuery): number {
  const calls = counts.subarray(0, ERRORS).reduce((sum, count) => sum + count, 0);
  if (query.measure === 'calls') return calls / (query.ratePerMs / 1_000);
  if (calls === 0) return Number.NaN;
  if (query.measure === 'errors') return (counts[ERRORS] ?? 0) / calls;
  return quantileMs(counts, calls * query.quantile);
}

/** As Prometheus' `histogram_quantile`: linear inside a bucket, the last bound beyond the last. */
function quantileMs(counts: Float64Array, rank: number): number {
  let below = 0;
  for (const [bucket, bound] of BOUNDS_MS.entries()) {
    const count = counts[bucket] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = BOUNDS_MS[bucket - 1] ?? 0;
      return lower + ((bound - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return BOUNDS_MS.at(-1) ?? 0;
}
