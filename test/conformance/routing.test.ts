import { expect } from 'chai';
import { route, rule, to } from './harness/manifests.ts';
import type { Pod } from './harness/mesh.ts';
import { shareOf, statusesOf, World } from './harness/world.ts';

const error = 'l5d-proxy-error';

describe('conformance: routes and splits', () => {
  let world: World;
  let b1: Pod;
  let b2: Pod;

  beforeEach(async () => {
    world = await World.start();
    ({ b1, b2 } = world);
  });
  afterEach(() => world.stop());

  const split = (...backends: object[]) => world.apply(route({ rules: [rule('/', ...backends)] }));

  it('1 no route: served by the pods of the Service, on the default route', async () => {
    const replies = await world.many(20);
    expect(statusesOf(replies)).to.deep.equal({ 200: 20 });
    expect(shareOf(replies, b1)).to.be.within(0.1, 0.9);
    const metrics = await world.mesh.metrics(world.client);
    const series = metrics.series('outbound_http_route_request_statuses_total');
    expect(
      series.map(({ labels, value }) => [labels['route_kind'], labels['route_name'], value]),
    ).to.deep.equal([['default', 'http', 20]]);
  });

  it('2 weights 90 and 10: a share of 10 %, drawn independently', async () => {
    await split(to('b-1', 90), to('b-2', 10));
    const replies = await world.many(2_000);
    expect(shareOf(replies, b2)).to.be.within(0.075, 0.125);
    const drawn = replies.flatMap(({ body }, index) => (body === b2.name ? [index] : []));
    const gaps = drawn.slice(1).map((index, at) => index - (drawn[at] ?? 0));
    expect(Math.min(...gaps), 'two in a row').to.equal(1);
    expect(Math.max(...gaps), 'long runs without').to.be.greaterThan(25);
  });

  it('3 weights left out: half each', async () => {
    await split(to('b-1'), to('b-2'));
    expect(shareOf(await world.many(2_000), b2)).to.be.within(0.46, 0.54);
  });

  it('4 a single backend of weight 0 gets everything', async () => {
    await split(to('b-1', 0));
    expect(shareOf(await world.many(20), b1)).to.equal(1);
  });

  it('5 a backend of weight 0 is never drawn, not even when the other has no endpoints', async () => {
    await split(to('b-1', 100), to('b-2', 0));
    await world.mesh.setReady(b1, { ready: false });
    const first = await world.get();
    expect(first.status).to.equal(504);
    expect(first.ms).to.be.within(2_990, 3_050);
    expect(first.headers[error]).to.contain('service in fail-fast');
    const second = await world.get();
    expect(second.status).to.equal(503);
    expect(second.ms).to.be.below(50);
    expect(b2.app.seen).to.have.length(0);
  });

  it('6 a backend without endpoints: 504 after 3 s for the first, then everything elsewhere', async () => {
    await split(to('b-1', 50), to('b-2', 50));
    await world.mesh.setReady(b2, { ready: false });
    const first = await world.many(20, { atOnce: 20 });
    const waited = first.filter(({ status }) => status === 504);
    expect(waited.length).to.be.within(3, 17);
    for (const { ms } of waited) expect(ms).to.be.within(2_990, 3_050);
    expect(first.filter(({ status }) => status === 200)).to.have.length(20 - waited.length);
    const later = await world.many(100);
    expect(statusesOf(later)).to.deep.equal({ 200: 100 });
    expect(Math.max(...later.map(({ ms }) => ms))).to.be.below(100);
  });

  it('7 a backend that gets endpoints again gets its share again', async () => {
    await split(to('b-1', 50), to('b-2', 50));
    await world.mesh.setReady(b2, { ready: false });
    await world.many(20, { atOnce: 20 });
    await world.mesh.setReady(b2, { ready: true });
    const replies = await world.many(400);
    expect(statusesOf(replies)).to.deep.equal({ 200: 400 });
    expect(shareOf(replies, b2)).to.be.within(0.4, 0.6);
  });

  it('8 a backend that does not exist keeps its share and answers 500', async () => {
    await split(to('b-1', 50), to('absent', 50));
    const replies = await world.many(1_000);
    const failed = replies.filter(({ status }) => status === 500);
    expect(failed.length).to.be.within(440, 560);
    expect(failed[0]?.headers[error]).to.contain('Service not found absent');
    expect(failed.at(-1)?.body).to.equal('');
    expect(world.mesh.statusOf('r')).to.deep.equal({
      Accepted: { status: 'True', reason: 'Accepted' },
      ResolvedRefs: { status: 'False', reason: 'BackendNotFound' },
    });
  });

  it('9 with routes, what none matches is 404 and reaches no backend', async () => {
    await world.apply(route({ rules: [rule('/x')] }));
    const reply = await world.get('/y');
    expect(reply.status).to.equal(404);
    expect(reply.headers[error]).to.be.a('string');
    expect(reply.headers).to.not.have.property('l5d-proxy-connection');
    expect([...b1.app.seen, ...b2.app.seen]).to.have.length(0);
  });

  it('16 routes of consumers are their own namespace’s, beside those of the producer', async () => {
    const elsewhere = await world.addPod({ name: 'clientc', namespace: 'c' });
    const producer = route({
      name: 'producer',
      created: '2025-01-02T00:00:00Z',
      rules: [rule('/', to('b-1'))],
    });
    const consumer = route({
      name: 'consumer',
      namespace: 'c',
      created: '2025-01-01T00:00:00Z',
      rules: [rule('/', to('b-2', 1, { namespace: 'a' }))],
    });
    await world.apply(producer, consumer);
    const from = async (pod: Pod) => (await world.mesh.send(pod, 'http://b.a/')).body;
    expect(await from(elsewhere), 'the older of both').to.equal('b2');
    expect(await from(world.client), 'the producer’s only').to.equal('b1');
    await world.apply(producer, {
      ...consumer,
      spec: { ...consumer.spec, rules: [rule('/mine', to('b-2', 1, { namespace: 'a' }))] },
    });
    expect(await from(elsewhere), 'what the consumer’s does not match').to.equal('b1');
  });

  it('17 a route for another port is not applied', async () => {
    const only = route({ parent: { port: 81 }, rules: [rule('/', to('b-2'))] });
    await world.applyWith({ ports: [80, 81] }, only);
    expect(shareOf(await world.many(40), b1)).to.be.greaterThan(0);
    b1.app.seen.length = 0;
    for (let index = 0; index < 20; index++) await world.mesh.send(world.client, 'http://b:81/');
    expect(b1.app.seen).to.have.length(0);
  });

  it('18 a headless Service is no parent, and is called without routes', async () => {
    await world.applyWith({ headless: true }, route({ rules: [rule('/', to('b-2'))] }));
    expect(world.mesh.statusOf('r')['Accepted']).to.deep.equal({
      status: 'False',
      reason: 'NoMatchingParent',
    });
    const replies = await world.many(40);
    expect(statusesOf(replies)).to.deep.equal({ 200: 40 });
    expect(shareOf(replies, b1)).to.be.within(0.2, 0.8);
    expect(b1.app.seen[0]?.headers['l5d-client-id']).to.equal(world.client.identity);
  });

  it('19 a GRPCRoute on the same parent and port displaces an HTTPRoute', async () => {
    await world.apply(
      route({ name: 'grpc', kind: 'GRPCRoute', rules: [] }),
      route({ name: 'http', rules: [rule('/', to('b-2'))] }),
    );
    expect(world.mesh.statusOf('http')['Accepted']).to.deep.equal({
      status: 'False',
      reason: 'RouteReasonConflicted',
    });
    expect(shareOf(await world.many(40), b1)).to.be.greaterThan(0);
  });

  it('25 a ServiceProfile with a route replaces the HTTPRoutes', async () => {
    const profile = {
      apiVersion: 'linkerd.io/v1alpha2',
      kind: 'ServiceProfile',
      metadata: { name: 'b.a.svc.cluster.local', namespace: 'a' },
      spec: { routes: [{ name: 'all', condition: { pathRegex: '/.*' } }] },
    };
    await world.apply(profile, route({ rules: [rule('/', to('b-2'))] }));
    expect(shareOf(await world.many(40), b1)).to.be.greaterThan(0);
    expect(world.mesh.warnings().join()).to.contain('ServiceProfile of b replaces its HTTPRoutes');
  });
});

describe('conformance: calls past the routes', () => {
  let world: World;
  beforeEach(async () => (world = await World.start({ pods: { hasIp: true } })));
  afterEach(() => world.stop());

  it('23 a pod that is called by its address is called directly, over mTLS', async () => {
    const { mesh, client, b1 } = world;
    const annotations = {
      'retry.linkerd.io/http': '5xx',
      'balancer.linkerd.io/failure-accrual': 'consecutive',
    };
    await world.applyWith({ annotations }, route({ rules: [rule('/', to('b-2'))] }));
    b1.app.answer = () => ({ status: 503 });
    const { address } = b1;
    if (!('port' in address)) throw new Error('the pod has an address');
    for (let index = 0; index < 10; index++) {
      const reply = await mesh.send(client, `http://${address.host}:${address.port}/`);
      expect(reply.status).to.equal(503);
    }
    expect(b1.app.seen, 'no retries, no breaker').to.have.length(10);
    expect(b1.app.seen[0]?.headers['l5d-client-id']).to.equal(client.identity);
    const metrics = await mesh.metrics(client);
    expect(metrics.sum('outbound_http_route_request_statuses_total')).to.equal(0);
    expect(
      metrics.sum('request_total', { direction: 'outbound', tls: 'true', dst_pod: 'b1' }),
    ).to.equal(10);
  });

  it('24 a port that is opaque is passed on as TCP, without routes or HTTP metrics', async () => {
    const { mesh, client, b1, b2 } = world;
    await world.applyWith(
      { appProtocol: 'linkerd.io/opaque' },
      route({ rules: [rule('/', to('b-2'))] }),
    );
    const replies = await world.many(40);
    expect(statusesOf(replies)).to.deep.equal({ 200: 40 });
    expect(shareOf(replies, b1)).to.be.within(0.2, 0.8);
    const metrics = await mesh.metrics(client);
    expect(metrics.sum('request_total', { dst_service: 'b' })).to.equal(0);
    expect(metrics.sum('outbound_http_route_request_statuses_total')).to.equal(0);
    expect(
      metrics.sum('tcp_open_total', { direction: 'outbound', peer: 'dst', tls: 'true' }),
    ).to.be.greaterThan(0);
    for (const pod of [b1, b2]) {
      const inbound = await mesh.metrics(pod);
      expect(inbound.sum('request_total', { direction: 'inbound' })).to.equal(0);
      expect(
        inbound.sum('tcp_open_total', { direction: 'inbound', tls: 'true' }),
      ).to.be.greaterThan(0);
    }
  });
});
