import type { MadeSeries } from './upstreams.ts';

const labels = { namespace: 'default', service: 'payments' };
const http = { ...labels, method: 'POST', route: '/payments' };
const buy = { namespace: 'default', journey: 'buy', slo: 'availability' };
const name = 'http_server_request_duration_seconds';

/** What is recorded of a service with two versions, the new one of which fails. */
export const madeSeries: readonly MadeSeries[] = [
  ...['1.0.0', '1.1.0'].flatMap((version) => {
    const isNew = version === '1.1.0';
    const series = { ...labels, version };
    return [
      { metric: { ...series, __name__: 'version:requests:rate' }, value: isNew ? 1 : 9 },
      { metric: { ...series, __name__: 'version:errors:ratio' }, value: isNew ? 0.4 : 0 },
      { metric: { ...series, __name__: 'version:latency_ms:p95' }, value: isNew ? 320 : 40 },
      { metric: { ...http, version, status: '201', __name__: `${name}_count` }, value: 9 },
      { metric: { ...http, version, le: '0.5', __name__: `${name}_bucket` }, value: 0.25 },
    ];
  }),
  { metric: { ...buy, __name__: 'journey:slo_budget:ratio' }, value: 0.001 },
  { metric: { ...buy, __name__: 'journey:slo_budget_left:ratio30d' }, value: 0.4 },
  { metric: { ...buy, __name__: 'journey:slo_burn:rate1h' }, value: 3 },
];
