import { BOUNDS_MS, type Exemplar, type Series } from './series.ts';
import { KIND_NAMES, type SpanMetrics } from './span-metrics.ts';

/** A measure of the store itself. */
export type Gauge = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** By label, such as `{reason="late"}`; '' when there is none. */
  readonly values: Readonly<Record<string, number>>;
};

const CALLS = 'traces_span_metrics_calls';
const DURATION = 'traces_span_metrics_duration_milliseconds';

export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** What a scraper reads: the store's own measures and the span metrics, exemplars in OpenMetrics. */
export function* exposition(
  metrics: SpanMetrics,
  { own, openMetrics }: { own: readonly Gauge[]; openMetrics: boolean },
): Generator<string> {
  for (const gauge of own) yield ownText(gauge, openMetrics);
  // Not a counter to OpenMetrics, which would have it end in _total: dashboards know it without.
  yield head(CALLS, openMetrics ? 'unknown' : 'counter', 'Spans by operation and outcome.');
  for (const series of metrics.series()) yield callsText(series);
  yield head(DURATION, 'histogram', 'Durations of spans by operation and outcome.');
  for (const series of metrics.series()) yield durationText(series, openMetrics);
  if (openMetrics) yield '# EOF\n';
}

function ownText({ name, help, type, values }: Gauge, openMetrics: boolean): string {
  const family = openMetrics && type === 'counter' ? name.replace(/_total$/, '') : name;
  const samples = Object.entries(values).map(([labels, value]) => `${name}${labels} ${value}\n`);
  return head(family, type, help) + samples.join('');
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

type Outcome = {
  labels: string;
  counts: Float64Array;
  sumMs: number;
  exemplars: readonly (Exemplar | undefined)[];
};

/** Only outcomes that there were: a series that never failed has no series of failures. */
function outcomes(series: Series): Outcome[] {
  const common = labelsOf(series);
  const { ok, failed, okSumMs, failedSumMs, exemplars } = series;
  const buckets = ok.length;
  return [
    { status: 'UNSET', counts: ok, sumMs: okSumMs, exemplars: exemplars.slice(0, buckets) },
    { status: 'ERROR', counts: failed, sumMs: failedSumMs, exemplars: exemplars.slice(buckets) },
  ]
    .filter(({ counts }) => counts.some((count) => count > 0))
    .map(({ status, ...rest }) => ({
      ...rest,
      labels: `${common},status_code="STATUS_CODE_${status}"`,
    }));
}

function labelsOf({ service, version, operation, kind }: Series): string {
  const kindName = (KIND_NAMES[kind] ?? '').toUpperCase();
  return [
    `service_name="${escaped(service)}"`,
    `service_version="${escaped(version)}"`,
    `span_name="${escaped(operation)}"`,
    `span_kind="SPAN_KIND_${kindName}"`,
  ].join(',');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function callsText(series: Series): string {
  return outcomes(series)
    .map(({ labels, counts }) => `${CALLS}{${labels}} ${total(counts)}\n`)
    .join('');
}

function durationText(series: Series, openMetrics: boolean): string {
  return outcomes(series)
    .map((outcome) => {
      const { labels, counts, sumMs } = outcome;
      let below = 0;
      const buckets = [...BOUNDS_MS.map(boundText), '+Inf'].map((bound, bucket) => {
        below += counts[bucket] ?? 0;
        const exemplar = openMetrics ? exemplarText(outcome.exemplars[bucket]) : '';
        return `${DURATION}_bucket{${labels},le="${bound}"} ${below}${exemplar}\n`;
      });
      const rest = `${DURATION}_sum{${labels}} ${sumMs}\n${DURATION}_count{${labels}} ${below}\n`;
      return buckets.join('') + rest;
    })
    .join('');
}

/** One text for a bound in both formats; OpenMetrics wants the point. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, spanId, durationMs, atMs } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${durationMs} ${(atMs / 1_000).toFixed(3)}`;
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
