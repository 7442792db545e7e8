import { paceOf } from './pace.ts';
import { counter, gauge, play } from './test/promtool.ts';

/** A scrape a second, so that an increase is a rate. */
const pace = paceOf(1_000);
const rules = ['red.yaml'] as const;
const at = 30;

function labels(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
}

const steady = (perScrape: number) => counter([60, perScrape]);

describe('recorded per service and version', () => {
  const proxy = (version: string) => ({
    job: 'linkerd-proxy',
    namespace: 'shop',
    service: 'orders',
    version,
    direction: 'inbound',
    srv_name: 'orders-http',
  });

  function inbound(version: string, perScrape: { good: number; bad: number; cancelled?: number }) {
    const of = (more: Record<string, string>) => labels({ ...proxy(version), ...more });
    const { good, bad, cancelled = 0 } = perScrape;
    return {
      [`request_total{${of({})}}`]: steady(good + bad + cancelled),
      [`response_total{${of({ status_code: '200', classification: 'success', error: '' })}}`]:
        steady(good),
      [`response_total{${of({ status_code: '503', classification: 'failure', error: '' })}}`]:
        steady(bad),
      [`response_total{${of({ classification: 'failure', error: 'cancelled' })}}`]:
        steady(cancelled),
      [`response_latency_ms_bucket{${of({ le: '10' })}}`]: steady((good + bad) * 0.5),
      [`response_latency_ms_bucket{${of({ le: '20' })}}`]: steady(good + bad),
      [`response_latency_ms_bucket{${of({ le: '+Inf' })}}`]: steady(good + bad),
    };
  }

  const one = (expr: string, value: number) => ({
    at,
    expr: `round(${expr}, 0.01)`,
    are: [{ labels: { namespace: 'shop', service: 'orders' }, value }],
  });

  const perVersion = (expr: string, [v1, v2]: [number, number]) => ({
    at,
    expr: `round(${expr}, 0.01)`,
    are: (
      [
        ['1.0.0', v1],
        ['1.1.0', v2],
      ] as const
    ).map(([version, value]) => ({
      labels: { namespace: 'shop', service: 'orders', version },
      value,
    })),
  });

  it('are rate, errors and duration, without probes and without callers who went away', async () => {
    const probes = labels({ ...proxy('1.0.0'), srv_name: 'shop-admin-ports' });
    const series = {
      ...inbound('1.0.0', { good: 18, bad: 0, cancelled: 3 }),
      ...inbound('1.1.0', { good: 1, bad: 1 }),
      [`request_total{${probes}}`]: steady(100),
      [`response_total{${probes},classification="failure"}`]: steady(100),
    };
    const values = [
      one('service:requests:rate', 23),
      one('service:responses:rate', 23),
      one('service:errors:rate', 1),
      one('service:errors:ratio', 0.04),
      one('service:latency_ms:p50', 10),
      one('service:latency_ms:p95', 19),
      one('service:latency_ms:p99', 19.8),
      perVersion('version:requests:rate', [21, 2]),
      perVersion('version:responses:rate', [21, 2]),
      perVersion('version:errors:rate', [0, 1]),
      perVersion('version:errors:ratio', [0, 0.5]),
      perVersion('version:latency_ms:p50', [10, 10]),
      perVersion('version:latency_ms:p95', [19, 19]),
      perVersion('version:latency_ms:p99', [19.8, 19.8]),
      { at, expr: 'count(version:latency_ms_bucket:rate)', are: [{ labels: {}, value: 6 }] },
      { at, expr: 'count(service:latency_ms_bucket:rate)', are: [{ labels: {}, value: 3 }] },
    ];
    await play({ pace, rules, series, values });
  });

  it('are no errors where there were none, and nothing where nothing came', async () => {
    const idle = inbound('1.0.0', { good: 0, bad: 0 });
    await play({
      pace,
      rules,
      series: inbound('1.0.0', { good: 5, bad: 0 }),
      values: [one('service:errors:ratio', 0)],
    });
    await play({
      pace,
      rules,
      series: idle,
      values: [{ at, expr: 'service:errors:ratio', are: [] }],
    });
  });
});

describe('recorded per edge', () => {
  const place = { namespace: 'shop', service: 'gateway', parent_name: 'catalog' };
  const route = labels({ ...place, route_name: 'catalog-reads' });
  const prefix = 'outbound_http_route';
  const edge = { namespace: 'shop', client: 'gateway', server: 'catalog' };
  const is = (name: string, value: number) => ({
    at,
    expr: `round(edge:${name}, 0.01)`,
    are: [{ labels: edge, value }],
  });

  it('are what the client saw once, and the attempts behind it', async () => {
    const seen = (more: Record<string, string>) =>
      `${prefix}_request_statuses_total{${route},${labels(more)}}`;
    const tried = (more: Record<string, string>) =>
      `${prefix}_backend_response_statuses_total{${route},${labels(more)}}`;
    const series = {
      [seen({ http_status: '200', error: '' })]: steady(17),
      [seen({ http_status: '503', error: '' })]: steady(1),
      [seen({ http_status: '', error: 'REQUEST_TIMEOUT' })]: steady(1),
      [seen({ http_status: '', error: 'CANCEL' })]: steady(1),
      [tried({ http_status: '200', error: '' })]: steady(18),
      [tried({ http_status: '503', error: '' })]: steady(12),
      [`${prefix}_backend_requests_total{${route}}`]: steady(30),
      [`${prefix}_retry_requests_total{${route}}`]: steady(10),
      [`${prefix}_request_duration_seconds_bucket{${route},le="0.05"}`]: steady(10),
      [`${prefix}_request_duration_seconds_bucket{${route},le="0.5"}`]: steady(20),
      [`${prefix}_request_duration_seconds_bucket{${route},le="+Inf"}`]: steady(20),
      [`outbound_http_balancer_endpoints{${labels(place)},endpoint_state="ready"}`]: gauge([60, 3]),
      [`outbound_http_balancer_endpoints{${labels(place)},endpoint_state="pending"}`]: gauge([
        60, 1,
      ]),
    };
    const values = [
      is('requests:rate', 20),
      is('errors:rate', 2),
      is('errors:ratio', 0.1),
      is('attempts:rate', 30),
      is('attempt_errors:rate', 12),
      is('attempt_errors:ratio', 0.4),
      is('retries:rate', 10),
      is('retry_amplification:ratio', 1.5),
      is('latency_seconds:p95', 0.46),
      is('endpoints:ready', 3),
      is('endpoints:pending', 1),
    ];
    await play({ pace, rules, series, values });
  });
});

describe('recorded as saturation', () => {
  it('is how full each service is', async () => {
    const app = (more: Record<string, string>, pod: string) =>
      labels({ job: 'orders', service: 'orders', namespace: 'shop', pod, ...more });
    const pods = ['orders-a', 'orders-b'];
    const both = (name: string, samples: string, more: Record<string, string> = {}) =>
      Object.fromEntries(pods.map((pod) => [`${name}{${app(more, pod)}}`, samples]));
    const group = { stream: 'payments.events', group: 'orders' };
    const series = {
      ...both('http_server_requests_in_flight', gauge([60, 3])),
      ...both('process_cpu_seconds_total', steady(0.25)),
      ...both('process_resident_memory_bytes', gauge([60, 50])),
      [`process_resident_memory_bytes{${labels({ job: 'linkerd-proxy', service: 'orders', namespace: 'shop' })}}`]:
        gauge([60, 900]),
      ...both('nodejs_eventloop_lag_p99_seconds', gauge([60, 0.5])),
      ...both('pg_pool_waiting_requests', gauge([60, 2])),
      ...both('outbox_pending_events', gauge([60, 7])),
      ...both('stream_consumer_lag_entries', gauge([60, 40]), group),
      ...both('stream_consumer_pending_entries', gauge([60, 2]), group),
      ...both('jobs_queued', gauge([60, 5]), { kind: 'renditions' }),
    };
    const is = (name: string, value: number, more: Record<string, string> = {}) => ({
      at,
      expr: `service:${name} + 0`,
      are: [{ labels: { namespace: 'shop', service: 'orders', ...more }, value }],
    });
    const values = [
      is('in_flight:sum', 6),
      is('cpu_cores:rate', 0.5),
      is('memory_bytes:sum', 100),
      is('event_loop_lag_seconds:max', 0.5),
      is('pool_waiting:sum', 4),
      is('outbox_pending:max', 7),
      is('stream_backlog:max', 42, group),
      is('jobs_queued:max', 5, { kind: 'renditions' }),
    ];
    await play({ pace, rules, series, values });
  });
});
