import { expect } from 'chai';
import { edgeSamples, type MetricSample, type Sidecar } from './metrics.ts';

const orders: Sidecar = {
  service: 'orders',
  version: '1.0.0',
  instance: 'orders-1',
  isEdge: false,
};

function metric(name: string, labels: Record<string, string>, value: number): MetricSample {
  return { name, labels, value };
}

function between(before: readonly MetricSample[], after: readonly MetricSample[], of = orders) {
  return edgeSamples({ atMs: 1_000, samples: before }, { atMs: 2_000, samples: after }, of);
}

describe('edgeSamples', () => {
  const inventory = { parent_name: 'inventory', route_name: 'inventory-reads' };

  it('makes one sample of all routes of a Service, with causes by Linkerd’s names', () => {
    const name = 'outbound_http_route_request_statuses_total';
    const status = (http_status: string, error: string) => ({ ...inventory, http_status, error });
    const before = [metric(name, status('200', ''), 5)];
    const after = [
      metric(name, status('200', ''), 9),
      metric(name, status('503', ''), 1),
      metric(name, { ...status('200', ''), route_name: 'inventory-writes' }, 2),
      metric(name, status('', 'REQUEST_TIMEOUT'), 3),
      metric(name, status('', 'FAIL_FAST'), 1),
      metric(name, status('', 'RESET'), 2),
      metric('outbound_http_route_retry_requests_total', inventory, 4),
      metric('outbound_http_route_retry_successes_total', inventory, 3),
      metric('outbound_http_balancer_endpoints', { ...inventory, endpoint_state: 'ready' }, 2),
      metric('outbound_http_balancer_endpoints', { ...inventory, endpoint_state: 'pending' }, 1),
      metric('outbound_http_route_backend_requests_total', inventory, 21),
      metric('outbound_http_route_backend_response_statuses_total', inventory, 17),
    ];
    const [sample, ...others] = between(before, after);
    expect(others).to.deep.equal([]);
    expect(sample).to.deep.include({
      atMs: 2_000,
      periodMs: 1_000,
      view: 'route',
      source: { service: 'orders', version: '1.0.0', instance: 'orders-1' },
      target: { kind: 'service', name: 'inventory' },
      // Of 21 attempts four were again, and four requests are under way.
      requests: 17,
      responses: 13,
      failures: { status: 1, timeout: 3, failfast: 1, reset: 2 },
      retries: 4,
      retrySuccesses: 3,
      endpointsReady: 2,
      endpointsPending: 1,
    });
  });

  it('makes single counts of Prometheus’ cumulated buckets', () => {
    const name = 'outbound_http_route_request_duration_seconds_bucket';
    const at = (le: string, value: number) => metric(name, { ...inventory, le }, value);
    const before = [at('0.05', 10), at('0.5', 10), at('+Inf', 10)];
    const after = [at('0.05', 12), at('0.5', 15), at('+Inf', 16)];
    expect(between(before, after)[0]?.latency).to.deep.include({
      boundsMs: [50, 500],
      counts: [2, 3, 1],
      count: 6,
    });
  });

  const endpoint = {
    direction: 'outbound',
    dst_service: 'inventory',
    dst_pod: 'inventory-2',
    dst_version: '1.1.0',
    tls: 'true',
  };

  it('tells instances and versions of the callee apart', () => {
    const [sample] = between(
      [],
      [
        metric('request_total', endpoint, 4),
        metric('response_total', { ...endpoint, classification: 'success', error: '' }, 1),
        metric('response_total', { ...endpoint, classification: 'failure', error: '' }, 1),
        metric('response_total', { ...endpoint, classification: 'failure', error: 'i/o' }, 1),
      ],
    );
    expect(sample).to.deep.include({
      view: 'endpoint',
      target: { kind: 'service', name: 'inventory', version: '1.1.0', instance: 'inventory-2' },
      requests: 4,
      responses: 3,
      failures: { status: 1, reset: 1 },
    });
  });

  it('takes who is called without an identity for a provider', () => {
    const plain = { ...endpoint, dst_service: 'payment-provider', tls: 'no_identity' };
    const [sample] = between([], [metric('request_total', plain, 1)]);
    expect(sample?.target).to.deep.equal({ kind: 'provider', name: 'payment-provider' });
  });

  it('knows callers by what they proved, and probes by that they proved nothing', () => {
    const inbound = { direction: 'inbound', client_id: 'gateway.default.serviceaccount.identity' };
    const seen = [
      metric('request_total', inbound, 2),
      metric('request_total', { direction: 'inbound' }, 7),
    ];
    expect(between([], seen).map(({ source }) => source.service)).to.deep.equal(['gateway']);
    const edge = between([], seen, { ...orders, isEdge: true });
    expect(edge.map(({ source }) => source.service)).to.deep.equal(['gateway', 'client']);
  });

  it('takes connections to stores, and no others', () => {
    const store = { direction: 'outbound', peer: 'dst', dst_service: 'postgres' };
    const samples = between(
      [metric('tcp_read_bytes_total', store, 1_000)],
      [
        metric('tcp_read_bytes_total', store, 1_600),
        metric('tcp_write_bytes_total', store, 300),
        metric('tcp_open_total', store, 2),
        metric('tcp_close_total', { ...store, errno: 'ECONNRESET' }, 1),
        metric('tcp_open_total', { ...store, authority: 'orders:80' }, 5),
        metric('tcp_open_total', { direction: 'inbound', peer: 'src' }, 5),
      ],
    );
    expect(samples).to.have.length(1);
    expect(samples[0]).to.deep.include({
      view: 'tcp',
      target: { kind: 'store', name: 'postgres' },
      bytesRead: 600,
      bytesWritten: 300,
      connectionsOpened: 2,
      connectionsClosed: 1,
    });
  });

  it('takes a counter that is lower than before for one that began again', () => {
    const [sample] = between(
      [metric('request_total', endpoint, 500)],
      [metric('request_total', endpoint, 3)],
    );
    expect(sample?.requests).to.equal(3);
  });
});
