import { readExposition } from '@faultline/origin/exposition';
import { expect } from 'chai';
import { toEdges, type ProxyView } from './edges.ts';

const route = (target: string, rest: string) => `{parent_name="${target}"${rest}}`;

function view(service: string, lines: readonly string[], shut: readonly string[] = []): ProxyView {
  const endpoints = shut.map((pod) => ({ breaker: { kind: 'shut' }, labels: { dst_pod: pod } }));
  const backends = [{ backend: 'Service.default.payments:80', endpoints }];
  return { service, samples: readExposition(lines.join('\n')), backends };
}

const counted = 'outbound_http_route_request_statuses_total';
const bucket = 'outbound_http_route_request_duration_seconds_bucket';
const calls = (ok: number, failed: number) => [
  '# TYPE is passed over',
  `${counted}${route('payments', ',http_status="200",error=""')} ${ok}`,
  `${counted}${route('payments', ',http_status="503",error=""')} ${failed}`,
  `${counted}${route('payments', ',http_status="",error="CANCEL"')} 2`,
  `outbound_http_route_retry_requests_total${route('payments', '')} 4`,
  `${bucket}${route('payments', ',le="0.05"')} 50`,
  `${bucket}${route('payments', ',le="0.5"')} 100`,
  `${bucket}${route('payments', ',le="+Inf"')} 100`,
  'request_total{direction="outbound",dst_service="payments",tls="true"} 100',
  'tcp_open_total{direction="outbound",peer="dst",dst_service="postgres"} 7',
];

describe('edges of the mesh', () => {
  const [http, tcp] = toEdges(
    [view('orders', calls(40, 8))],
    [view('orders', calls(78, 20), ['payments-1'])],
    5_000,
  );

  it('count what the caller saw, by Service', () => {
    expect(http).to.include({ source: 'orders', target: 'payments', requests: 100, retries: 4 });
    expect(http?.rps).to.equal(10);
  });

  it('take replies from 500 for failures, and callers that left for none', () => {
    expect(http?.success).to.equal(0.8);
  });

  it('tell the 95th percentile, mTLS and whom the breaker has taken out', () => {
    expect(http).to.deep.include({ p95_ms: 455, mtls: true, ejected: ['payments-1'] });
  });

  it('lead to stores as well, by connection', () => {
    expect(tcp).to.deep.include({
      target: 'postgres',
      protocol: 'tcp',
      requests: 7,
      success: null,
    });
  });
});
