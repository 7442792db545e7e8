import { sendJson } from '../http/respond.ts';
import type { Exchange } from '../http/router.ts';
import { monitor, type MonitorQuery, type MonitorSeries } from '../metrics/monitor.ts';
import { KIND_NAMES } from '../metrics/span-metrics.ts';
import type { ApiDeps } from './api.ts';
import { ParamError } from './params.ts';
import { boolOf, integerOf, unparsable } from './v1-params.ts';

type Measure = MonitorQuery['measure'];

const HOUR_MS = 3_600_000;
const STEP_MS = 5_000;
const RATE_MS = 600_000;
/** As Prometheus: more points than anybody's screen has. */
const POINTS_MAX = 11_000;

const NAMES: Readonly<Record<Measure, string>> = {
  latencies: 'latencies',
  calls: 'call_rate',
  errors: 'error_rate',
};

/** `GET /api/metrics/latencies`, `…/calls` and `…/errors`: what Jaeger's Monitor page draws. */
export function metricsHandler(measure: Measure) {
  return ({ metrics, clock }: ApiDeps, exchange: Exchange): void => {
    const query = parseQuery(exchange.query, measure, clock.now());
    sendJson(exchange, 200, family(query, monitor(metrics, query)));
  };
}

function parseQuery(params: URLSearchParams, measure: Measure, nowMs: number): MonitorQuery {
  const quantile = measure === 'latencies' ? quantileOf(params) : 0;
  const services = params.getAll('service');
  if (services.length === 0) {
    const wanted = 'please provide at least one service name';
    throw new ParamError(`unable to parse param 'service': ${wanted}`);
  }
  const query = {
    measure,
    services,
    kinds: kindsOf(params),
    groupByOperation: boolOf(params, 'groupByOperation'),
    endMs: integerOf(params, 'endTs', nowMs),
    lookbackMs: integerOf(params, 'lookback', HOUR_MS),
    stepMs: positive(params, 'step', STEP_MS),
    ratePerMs: positive(params, 'ratePer', RATE_MS),
    quantile,
  };
  if (query.lookbackMs / query.stepMs <= POINTS_MAX) return query;
  throw new ParamError(`lookback / step: expected at most ${POINTS_MAX} points`);
}

function quantileOf(params: URLSearchParams): number {
  const text = params.get('quantile') ?? '';
  const quantile = Number(text);
  if (text.trim() !== '' && quantile >= 0 && quantile <= 1) return quantile;
  throw unparsable('quantile', text, 'a number from 0 to 1');
}

function kindsOf(params: URLSearchParams): string[] {
  const kinds = params.getAll('spanKind');
  const known: readonly string[] = KIND_NAMES;
  const unknown = kinds.find((kind) => !known.includes(kind));
  if (unknown === undefined) return kinds.length === 0 ? ['server'] : kinds;
  const shown = unknown.slice(0, 64);
  throw new ParamError(`unable to parse param 'spanKind': unsupported span kind: '${shown}'`);
}

function positive(params: URLSearchParams, name: string, fallback: number): number {
  const value = integerOf(params, name, fallback);
  if (value > 0) return value;
  throw unparsable(name, String(value), 'more than 0');
}

function family(query: MonitorQuery, series: readonly MonitorSeries[]) {
  const { measure, groupByOperation, quantile } = query;
  const group = groupByOperation ? 'service_operation' : 'service';
  return {
    name: `${group}_${NAMES[measure]}`,
    type: 'GAUGE',
    help: `${describe(measure, quantile)}, grouped by service${groupByOperation ? ' & operation' : ''}`,
    metrics: series.map(({ service, operation, points }) => ({
      labels: [
        { name: 'service_name', value: service },
        ...(operation === undefined ? [] : [{ name: 'operation', value: operation }]),
      ],
      metricPoints: points.map(({ atMs, value }) => ({
        timestamp: new Date(atMs).toISOString(),
        gaugeValue: { doubleValue: value },
      })),
    })),
  };
}

function describe(measure: Measure, quantile: number): string {
  if (measure === 'latencies') return `${quantile.toFixed(2)}th quantile latency`;
  return measure === 'calls'
    ? 'calls/sec'
    : 'error rate, computed as a fraction of errors/sec over calls/sec';
}
