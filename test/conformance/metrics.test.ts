import { expect } from 'chai';
import {
  allow,
  allowAll,
  rateLimit,
  route,
  rule,
  server,
  service,
  to,
} from './harness/manifests.ts';
import type { Metrics } from './harness/metrics.ts';
import { World } from './harness/world.ts';

const parent = ['group', 'kind', 'namespace', 'name', 'port', 'section_name'].map(
  (key) => `parent_${key}`,
);
const backend = parent.map((key) => key.replace('parent', 'backend'));
const routeKeys = ['group', 'kind', 'namespace', 'name'].map((key) => `route_${key}`);
const target = ['target_addr', 'target_ip', 'target_port'];
const srv = ['srv_group', 'srv_kind', 'srv_name', 'srv_port'];
const srvRoute = ['route_group', 'route_kind', 'route_name'];
const authz = ['authz_group', 'authz_kind', 'authz_name'];
const client = ['tls', 'client_id'];
const endpoint = [...target, 'tls', 'server_id', 'dst_namespace', 'dst_service', 'dst_pod'];

/** Every label of `expected` is there; `dst_…` labels of the workload may come on top. */
function expectLabels(metrics: Metrics, name: string, ...expected: readonly string[][]): void {
  const labels = metrics.labelsOf(name).filter((label) => label !== 'le');
  const more = new Set([
    'dst_deployment',
    'dst_serviceaccount',
    'dst_pod_template_hash',
    'version',
  ]);
  expect(
    labels.filter((label) => !more.has(label)),
    name,
  ).to.have.members(expected.flat());
}

describe('conformance: metrics', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  it('request_total, response_total and response_latency_ms, outbound', async () => {
    await world.post('/', 'hello');
    const metrics = await world.mesh.metrics(world.client);
    const labels = ['direction', 'authority', ...endpoint];
    const ended = ['status_code', 'classification', 'grpc_status', 'error'];
    expectLabels(metrics, 'request_total', labels);
    expectLabels(metrics, 'response_total', labels, ended);
    expectLabels(metrics, 'response_latency_ms_bucket', labels, ['status_code']);
    expect(metrics.boundsOf('response_latency_ms').join(' ')).to.equal(
      '1 2 3 4 5 10 20 30 40 50 100 200 300 400 500 1000 2000 3000 4000 5000 ' +
        '10000 20000 30000 40000 50000 +Inf',
    );
    const labelsOf = metrics.series('response_total')[0]?.labels;
    expect(labelsOf).to.include({
      authority: 'b.a.svc.cluster.local:80',
      classification: 'success',
      dst_serviceaccount: 'b',
      dst_namespace: 'a',
    });
  });

  it('request_total, response_total and response_latency_ms, inbound', async () => {
    await world.apply(server(), ...allow(['client']));
    world.b1.app.answer = () => ({ status: 503 });
    await world.mesh.setReady(world.b2, { ready: false });
    await world.get();
    const metrics = await world.mesh.metrics(world.b1);
    const labels = ['direction', ...target, ...client, ...srv, ...srvRoute, ...authz];
    expectLabels(metrics, 'request_total', labels);
    expectLabels(metrics, 'response_total', labels, [
      'status_code',
      'classification',
      'grpc_status',
      'error',
    ]);
    expectLabels(metrics, 'response_latency_ms_bucket', labels, ['status_code']);
    expect(metrics.series('response_total')[0]?.labels).to.include({
      classification: 'failure',
      srv_kind: 'server',
      srv_name: 'b-http',
      srv_port: '8080',
      authz_kind: 'authorizationpolicy',
      authz_name: 'callers',
      route_kind: 'default',
      route_name: 'default',
    });
  });

  it('outbound_http_route_* and outbound_http_route_backend_*', async () => {
    await world.apply(route({ rules: [rule('/', to('b-1'))] }));
    world.b1.app.answer = () => ({ body: 'x'.repeat(2_000) });
    await world.post('/', 'x'.repeat(200));
    const metrics = await world.mesh.metrics(world.client);
    const name = 'outbound_http_route';
    const onRoute = [...parent, ...routeKeys, 'hostname'];
    const onBackend = [...parent, ...routeKeys, ...backend];
    const ended = ['http_status', 'error'];
    expectLabels(metrics, `${name}_request_statuses_total`, onRoute, ended);
    expectLabels(metrics, `${name}_request_duration_seconds_bucket`, onRoute);
    expectLabels(metrics, `${name}_request_frame_size_bytes_bucket`, onRoute);
    expectLabels(metrics, `${name}_backend_requests_total`, onBackend);
    expectLabels(metrics, `${name}_backend_response_statuses_total`, onBackend, ended);
    expectLabels(metrics, `${name}_backend_response_duration_seconds_bucket`, onBackend);
    expectLabels(metrics, `${name}_backend_response_frame_size_bytes_bucket`, onBackend);
    for (const what of ['requests', 'successes', 'limit_exceeded', 'overflow']) {
      expectLabels(metrics, `${name}_retry_${what}_total`, [...parent, ...routeKeys]);
    }
    const bounds = (what: string) => metrics.boundsOf(`${name}_${what}`).join(' ');
    expect(bounds('request_duration_seconds')).to.equal('0.05 0.5 1 10 +Inf');
    expect(bounds('backend_response_duration_seconds')).to.equal(
      '0.025 0.05 0.1 0.25 0.5 1 10 +Inf',
    );
    for (const what of ['request_frame_size_bytes', 'backend_response_frame_size_bytes']) {
      expect(bounds(what)).to.equal('128 1024 10240 +Inf');
    }
    expect(metrics.sum(`${name}_request_frame_size_bytes_sum`)).to.equal(200);
    expect(metrics.sum(`${name}_backend_response_frame_size_bytes_sum`)).to.equal(2_000);
    expect(metrics.series(`${name}_backend_requests_total`)[0]?.labels).to.include({
      parent_group: 'core',
      parent_kind: 'Service',
      parent_namespace: 'a',
      parent_name: 'b',
      parent_port: '80',
      route_group: 'gateway.networking.k8s.io',
      route_kind: 'HTTPRoute',
      route_name: 'r',
      backend_kind: 'Service',
      backend_name: 'b-1',
    });
  });

  it('outbound_http_balancer_*: endpoints, discovery, queue and gate', async () => {
    const balancer = 'outbound_http_balancer';
    await world.get();
    await world.mesh.setReady(world.b1, { ready: false });
    await world.mesh.setReady(world.b2, { ready: false });
    await world.get();
    const shut = await world.mesh.metrics(world.client);
    expect(shut.sum(`${balancer}_queue_gate_shut_total`)).to.equal(1);
    await world.mesh.setReady(world.b1, { ready: true });
    await world.get();
    const metrics = await world.mesh.metrics(world.client);
    const labels = [...parent, ...backend];
    const sums: Record<string, number> = {
      queue_requests_total: 3,
      queue_length: 0,
      queue_latency_seconds_count: 2,
      queue_gate_shut_total: 1,
      queue_gate_open_total: 1,
      queue_gate_timeout_seconds: 3,
      p2c_endpoints: 1,
    };
    for (const [what, value] of Object.entries(sums)) {
      expect(metrics.sum(`${balancer}_${what}`), what).to.equal(value);
      expectLabels(metrics, `${balancer}_${what}`, labels);
    }
    expectLabels(metrics, `${balancer}_queue_gate_shut_time_seconds`, labels);
    expectLabels(metrics, `${balancer}_queue_gate_open_time_seconds`, labels);
    expect(metrics.boundsOf(`${balancer}_queue_latency_seconds`).join(' ')).to.equal(
      '0.0005 0.005 0.05 0.5 1 3 +Inf',
    );
    expectLabels(metrics, `${balancer}_endpoints`, ['endpoint_state'], labels);
    expect(metrics.sum(`${balancer}_endpoints`, { endpoint_state: 'ready' })).to.equal(1);
    expectLabels(metrics, `${balancer}_p2c_updates_total`, ['op'], labels);
    expect(metrics.sum(`${balancer}_p2c_updates_total`, { op: 'Add' })).to.equal(3);
    expect(metrics.sum(`${balancer}_p2c_updates_total`, { op: 'Remove' })).to.equal(2);
  });

  it('a tripped breaker shows as a pending endpoint, and a Service that goes takes its series', async () => {
    await world.applyWith({
      annotations: { 'balancer.linkerd.io/failure-accrual': 'consecutive' },
    });
    await world.mesh.setReady(world.b2, { ready: false });
    world.b1.app.answer = () => ({ status: 500 });
    await world.many(7, { atOnce: 1 });
    const pending = { endpoint_state: 'pending' };
    const metrics = await world.mesh.metrics(world.client);
    expect(metrics.sum('outbound_http_balancer_endpoints', pending)).to.equal(1);
    await world.mesh.apply(service('other'));
    const without = await world.mesh.metrics(world.client);
    expect(without.samples.filter(({ name }) => name.includes('balancer'))).to.deep.equal([]);
  });

  it('inbound_http_* of what policy lets in', async () => {
    await world.apply(server(), allowAll());
    world.b1.app.answer = () => ({ body: 'x'.repeat(2_000) });
    await world.mesh.setReady(world.b2, { ready: false });
    await world.post('/', 'x'.repeat(200));
    const metrics = await world.mesh.metrics(world.b1);
    const labels = ['parent_group', 'parent_kind', 'parent_name', 'parent_port', ...srvRoute];
    expectLabels(metrics, 'inbound_http_requests_total', labels);
    expectLabels(metrics, 'inbound_http_statuses_total', labels, ['http_status', 'error']);
    const bounds: Record<string, string> = {
      request_duration_seconds: '0.025 0.05 0.1 0.25 0.5 1 10 +Inf',
      response_duration_seconds: '0.05 0.5 1 10 +Inf',
      request_frame_size_bytes: '128 1024 10240 +Inf',
      response_frame_size_bytes: '128 1024 10240 +Inf',
    };
    for (const [what, expected] of Object.entries(bounds)) {
      expectLabels(metrics, `inbound_http_${what}_bucket`, labels);
      expect(metrics.boundsOf(`inbound_http_${what}`).join(' '), what).to.equal(expected);
    }
    expect(metrics.sum('inbound_http_request_frame_size_bytes_sum')).to.equal(200);
    expect(metrics.sum('inbound_http_statuses_total', { http_status: '200' })).to.equal(1);
  });

  it('inbound decisions of policy: allow, deny, no route, rate limit', async () => {
    const own = [...target, ...client, ...srv];
    await world.mesh.setReady(world.b2, { ready: false });
    await world.apply(server());
    await world.get();
    await world.apply(server(), allowAll(), rateLimit({ total: { requestsPerSecond: 1 } }));
    await world.many(2);
    const onServer = { group: 'policy.linkerd.io', kind: 'Server', name: 'b-http' };
    await world.apply(server(), route({ parent: onServer, rules: [rule('/x')] }));
    await world.get();
    const metrics = await world.mesh.metrics(world.b1);
    expectLabels(metrics, 'inbound_http_authz_deny_total', own, srvRoute);
    expectLabels(metrics, 'inbound_http_authz_allow_total', own, srvRoute, authz);
    expectLabels(metrics, 'inbound_http_route_not_found_total', own);
    const limit = ['group', 'kind', 'name', 'scope'].map((key) => `ratelimit_${key}`);
    expectLabels(metrics, 'inbound_http_local_ratelimit_total', own, limit);
    expect(metrics.sum('inbound_http_errors_total'), 'policy is no error').to.equal(0);
  });

  it('tcp_* of every kind of connection', async () => {
    await world.post('/', 'x'.repeat(5_000));
    const outbound = await world.mesh.metrics(world.client);
    const loopback = { tls: 'no_identity', no_tls_reason: 'loopback' };
    const peer = { direction: 'outbound', peer: 'dst', tls: 'true' };
    expectLabels(outbound, 'tcp_close_total', [
      'direction',
      'peer',
      'tls',
      'no_tls_reason',
      'errno',
    ]);
    expect(
      outbound.sum('tcp_open_total', { direction: 'outbound', peer: 'src', ...loopback }),
    ).to.be.greaterThan(0);
    const sent = outbound.series('tcp_open_connections', peer)[0]?.labels ?? {};
    expect(sent).to.include.keys(...endpoint);
    expect(outbound.sum('tcp_open_connections', peer)).to.equal(1);
    expect(
      outbound.sum('tcp_write_bytes_total', peer),
      'of connections still open',
    ).to.be.greaterThan(5_000);
    const served = [world.b1, world.b2].find(({ app }) => app.seen.length > 0);
    if (!served) throw new Error('one of them has served');
    const inbound = await world.mesh.metrics(served);
    const from = {
      direction: 'inbound',
      peer: 'src',
      tls: 'true',
      client_id: world.client.identity,
    };
    expect(inbound.sum('tcp_read_bytes_total', from)).to.be.greaterThan(5_000);
    expect(inbound.series('tcp_open_total', from)[0]?.labels).to.include.keys(...target, ...srv);
    const app = { direction: 'inbound', peer: 'dst', ...loopback };
    expect(inbound.sum('tcp_write_bytes_total', app)).to.be.greaterThan(5_000);
  });

  it('inbound_tcp_authz_*: opaque connections are let in, refused, and ended when policy changes', async () => {
    const opaque = { appProtocol: 'linkerd.io/opaque' };
    await world.mesh.setReady(world.b2, { ready: false });
    await world.applyWith(opaque, server({ proxyProtocol: 'opaque' }), ...allow(['client']));
    expect((await world.get()).status).to.equal(200);
    world.b1.app.answer = () => ({ hangs: 'all' });
    const open = world.mesh.begin(world.client, 'http://b/');
    await world.mesh.time.pass(10);
    await world.applyWith(opaque, server({ proxyProtocol: 'opaque' }), ...allow(['other']));
    expect((await world.mesh.time.until(open)).status, 'the connection was cut').to.equal(502);
    expect((await world.get()).status).to.equal(502);
    const metrics = await world.mesh.metrics(world.b1);
    const own = [...target, ...client, ...srv];
    expectLabels(metrics, 'inbound_tcp_authz_allow_total', own, authz);
    expectLabels(metrics, 'inbound_tcp_authz_deny_total', own);
    expectLabels(metrics, 'inbound_tcp_authz_terminate_total', own);
    expect(metrics.sum('inbound_tcp_authz_terminate_total')).to.be.greaterThan(0);
  });

  it('what the proxy is: certificate, control plane and process', async () => {
    const metrics = await world.mesh.metrics(world.client);
    const names = [
      'control_identity_cert_expiration_timestamp_seconds',
      'control_identity_cert_refresh_timestamp_seconds',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'proxy_build_info',
    ];
    for (const name of names) expect(metrics.sum(name), name).to.be.greaterThan(0);
    const refreshes = { result: 'ok' };
    expect(metrics.sum('control_identity_cert_refreshes_total', refreshes)).to.equal(1);
  });
});
