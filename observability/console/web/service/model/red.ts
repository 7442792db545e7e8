import { promString } from '../../metrics/model/promql.ts';
import type { Labels, QueryResult } from '../../metrics/model/series.ts';

/** Rate, errors and duration of the calls of one route, as one version answered them. */
export type RouteRow = {
  readonly method: string;
  readonly route: string;
  readonly version: string;
  readonly perSecond: number;
  /** 0 to 1. */
  readonly errorShare: number;
  /** Undefined when nothing was answered. */
  readonly p95Ms: number | undefined;
};

const BY = 'method, route, version';
const WINDOW = '[1m]';

/** The queries that {@link routeRows} makes rows of. */
export function routeQueries(service: string): Record<'rates' | 'errors' | 'p95', string> {
  const name = 'http_server_request_duration_seconds';
  const rate = (series: string, more = '') =>
    `rate(${name}_${series}{service=${promString(service)}${more}}${WINDOW})`;
  return {
    rates: `sum by (${BY}) (${rate('count')})`,
    errors: `sum by (${BY}) (${rate('count', ',status=~"5.."')})`,
    p95: `histogram_quantile(0.95, sum by (${BY}, le) (${rate('bucket')}))`,
  };
}

/** One row for each route and version that is known, the busiest first. */
export function routeRows(answers: {
  readonly rates: QueryResult;
  readonly errors: QueryResult;
  readonly p95: QueryResult;
}): RouteRow[] {
  const [errors, p95] = [byKey(answers.errors), byKey(answers.p95)];
  const rows = valuesOf(answers.rates).map(({ labels, value }) => {
    const key = keyOf(labels);
    const seconds = p95.get(key);
    return {
      method: labels['method'] ?? '',
      route: labels['route'] ?? '',
      version: labels['version'] ?? '',
      perSecond: value,
      errorShare: value > 0 ? Math.min(1, (errors.get(key) ?? 0) / value) : 0,
      p95Ms: seconds === undefined || !Number.isFinite(seconds) ? undefined : seconds * 1_000,
    };
  });
  return rows.toSorted((a, b) => b.perSecond - a.perSecond || (a.route < b.route ? -1 : 1));
}

type Value = { readonly labels: Labels; readonly value: number };

/** An instant query's values. */
export function valuesOf(result: QueryResult): Value[] {
  if (result.resultType !== 'vector') return [];
  return result.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

function byKey(result: QueryResult): Map<string, number> {
  return new Map(valuesOf(result).map(({ labels, value }) => [keyOf(labels), value]));
}

function keyOf({ method = '', route = '', version = '' }: Labels): string {
  return `${method} ${route} ${version}`;
}
