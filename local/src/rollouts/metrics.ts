import { parseGoDuration } from '@faultline/mesh-core/duration';
import { type Canary, type Metric, metricsOf } from './canary.ts';
import type { MetricSource } from './prometheus.ts';
import { type QueryModel, renderQuery } from './query.ts';
import type { Verdict } from './verdict.ts';

/** What the canary's own proxies saw; `target` is anchored, so that the primary's are left out. */
const served = 'namespace="{{ namespace }}", deployment=~"{{ target }}", direction="inbound"';
/** What callers sent to the canary; probes are no callers. */
const sent =
  'outbound_http_route_backend_requests_total{parent_namespace="{{ namespace }}", ' +
  'parent_name="{{ service }}", backend_name="{{ service }}-canary"}';
const traffic = `sum(rate(${sent}[{{ interval }}]))`;

/** Before so many intervals have passed Prometheus may not have looked at it often enough. */
const settlingIntervals = 2;

/** What the first few requests say for a new version is not enough; against it, it is. */
const earlyMs = 2_000;

/** Flagger's built-in queries for Linkerd. */
const builtIn: Readonly<Record<string, string>> = {
  'request-success-rate': `
    sum(rate(response_total{${served}, classification!="failure"}[{{ interval }}]))
    / sum(rate(response_total{${served}}[{{ interval }}])) * 100`,
  'request-duration': `
    histogram_quantile(
      0.99,
      sum(rate(response_latency_ms_bucket{${served}}[{{ interval }}])) by (le)
    )`,
};

export type Judging = {
  canary: Canary;
  source: MetricSource;
  strict: boolean;
  /** For how long the new version has been given a share, 0: it has none; default: for ever. */
  trafficMs?: number;
  signal?: AbortSignal;
};

/** What all metrics say now, each for itself, in the Canary's order. */
export async function judgeMetrics(judging: Judging): Promise<Verdict[]> {
  const { canary, strict } = judging;
  return Promise.all(metricsOf(canary, { strict }).map((metric) => judgeMetric(metric, judging)));
}

async function judgeMetric(metric: Metric, judging: Judging): Promise<Verdict> {
  const { canary, source, trafficMs = Infinity, signal } = judging;
  const model = toModel(canary, { ...metric, interval: windowOf(metric, trafficMs) });
  let query = metric.query ?? builtIn[metric.name] ?? '';
  try {
    query = renderQuery(query, model).trim();
    const value = await source.query(query, signal);
    if (value !== undefined) return inTime(compare(metric, { value, query }), trafficMs);
    const perSecond = (await source.query(renderQuery(traffic, model), signal)) ?? 0;
    const isNew = trafficMs < settlingIntervals * (parseGoDuration(metric.interval) ?? 0);
    const hasTraffic = perSecond > 0 && !isNew;
    const reason =
      perSecond > 0
        ? `although it takes ${perSecond.toFixed(1)} requests a second`
        : `probably ${canary.target}.${canary.namespace} is not receiving traffic yet`;
    return { kind: 'no-values', metric: metric.name, query, hasTraffic, reason };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'unavailable', metric: metric.name, query, reason };
  }
}

function inTime(verdict: Verdict, trafficMs: number): Verdict {
  if (verdict.kind !== 'pass' || trafficMs === 0 || trafficMs >= earlyMs) return verdict;
  const { metric, query } = verdict;
  return { kind: 'no-values', metric, query, hasTraffic: false, reason: 'it has just begun' };
}

/**
 * Over which time a metric is asked: not from before the new version got its share, when callers
 * were still counting what the version before it did to them.
 */
function windowOf({ interval }: Metric, trafficMs: number): string {
  const intervalMs = parseGoDuration(interval) ?? 0;
  return trafficMs > 0 && trafficMs < intervalMs ? `${Math.ceil(trafficMs)}ms` : interval;
}

/**
 * PromQL for how many requests the callers have ever sent to a canary of this Service: what a
 * rollout has done is the difference to what it was at its beginning.
 */
export function exposureQuery(canary: Canary): string {
  return renderQuery(`sum(${sent})`, toModel(canary, { interval: '1m' }));
}

/**
 * PromQL for how many requests were sent to a canary of this Service between two times. Callers count
 * for themselves: whoever ended in between has taken his part along.
 */
export function exposureBetween(canary: Canary, { fromMs, toMs }: TimeSpan): string {
  const then = `${sent} @ ${fromMs / 1_000}`;
  const later = `${sent} @ ${toMs / 1_000}`;
  const query = `sum(clamp_min(${later} - (${then} or ${later} * 0), 0))`;
  return renderQuery(query, toModel(canary, { interval: '1m' }));
}

type TimeSpan = { fromMs: number; toMs: number };

function toModel(
  { name, namespace, target, services }: Canary,
  { interval, variables = {} }: Pick<Metric, 'interval'> & Partial<Metric>,
): QueryModel {
  const { apex: service } = services;
  return { name, namespace, target, service, interval, variables, ingress: target, route: target };
}

function compare(
  { name, range, query: template }: Metric,
  { value: exact, query }: { value: number; query: string },
): Verdict {
  // Flagger looks at durations in whole milliseconds.
  const isDuration = name === 'request-duration' && template === undefined;
  const whole = (number: number) => (isDuration ? Math.trunc(number) : number);
  const value = whole(exact);
  const { min = -Infinity, max = Infinity } = range;
  const fail = (sign: string, limit: number): Verdict => {
    const reason = `${name} ${value.toFixed(2)} ${sign} ${limit}`;
    return { kind: 'fail', metric: name, query, value, reason };
  };
  if (value < whole(min)) return fail('<', min);
  if (value > whole(max)) return fail('>', max);
  return { kind: 'pass', metric: name, query, value };
}
