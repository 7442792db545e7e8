import { expect } from 'chai';
import {
  allow,
  allowAll,
  type Manifest,
  rateLimit,
  route,
  rule,
  server,
} from './harness/manifests.ts';
import type { Pod } from './harness/mesh.ts';
import { statusesOf, World } from './harness/world.ts';

describe('conformance: identity and policy', () => {
  let world: World;
  let b1: Pod;

  beforeEach(async () => {
    world = await World.start({ pods: { probes: ['/healthz'] } });
    ({ b1 } = world);
    await world.mesh.setReady(world.b2, { ready: false });
  });
  afterEach(() => world.stop());

  /** A pod of Service b alone, with an annotation of its own. */
  const annotated = async (policy: string): Promise<Pod> => {
    await world.mesh.setReady(b1, { ready: false });
    return world.addPod({
      name: 'b3',
      account: 'b',
      labels: { app: 'b' },
      annotations: { 'config.linkerd.io/default-inbound-policy': policy },
      probes: ['/healthz'],
    });
  };

  it('55 both sides know who the other is; the app sees HTTP/1.1 and the client’s name', async () => {
    await world.get();
    const outbound = await world.mesh.metrics(world.client);
    const sent = outbound.series('request_total', { direction: 'outbound', dst_pod: 'b1' });
    expect(sent[0]?.labels).to.include({ tls: 'true', server_id: b1.identity });
    const inbound = await world.mesh.metrics(b1);
    const received = inbound.series('request_total', { direction: 'inbound' });
    expect(received[0]?.labels).to.include({ tls: 'true', client_id: world.client.identity });
    expect(b1.app.seen[0]?.version).to.equal('1.1');
    expect(b1.app.seen[0]?.headers['l5d-client-id']).to.equal(world.client.identity);
  });

  it('56 headers of the mesh cannot be forged from either side', async () => {
    b1.app.answer = () => ({
      headers: { 'l5d-proxy-error': 'forged', 'l5d-proxy-connection': 'close' },
    });
    const reply = await world.get('/', {
      headers: { 'l5d-client-id': 'forged', l5d_client_id: 'forged', 'L5D-Remote-Ip': 'forged' },
    });
    const { headers } = b1.app.seen[0] ?? {};
    expect(headers?.['l5d-client-id']).to.equal(world.client.identity);
    expect(JSON.stringify(headers)).to.not.contain('forged');
    expect(reply.headers).to.not.have.any.keys('l5d-proxy-error', 'l5d-proxy-connection');
    const plain = await world.mesh.sendPlain(b1, '/', { headers: { 'l5d-client-id': 'forged' } });
    expect(plain.status).to.equal(200);
    expect(b1.app.seen[1]?.headers).to.not.have.property('l5d-client-id');
  });

  it('57 an unmeshed client is served by the default policy', async () => {
    expect((await world.mesh.sendPlain(b1, '/')).status).to.equal(200);
    const metrics = await world.mesh.metrics(b1);
    const plain = { direction: 'inbound', tls: 'no_identity' };
    expect(metrics.sum('request_total', plain)).to.equal(1);
    const allowed = metrics.series('inbound_http_authz_allow_total')[0]?.labels;
    expect(allowed).to.include({ authz_kind: 'default', authz_name: 'all-unauthenticated' });
  });

  it('58 a Server without a policy lets nobody in', async () => {
    await world.apply(server());
    const reply = await world.get();
    expect(reply.status).to.equal(403);
    expect(reply.body).to.equal('');
    expect(b1.app.seen).to.have.length(0);
    const metrics = await world.mesh.metrics(b1);
    const denied = metrics.series('inbound_http_authz_deny_total');
    expect(denied.map(({ value }) => value)).to.deep.equal([1]);
    expect(denied[0]?.labels).to.include({
      srv_kind: 'server',
      srv_name: 'b-http',
      tls: 'true',
      client_id: world.client.identity,
    });
  });

  it('59 a policy lets in the accounts it lists', async () => {
    const stranger = await world.addPod({ name: 'stranger' });
    await world.apply(server(), ...allow(['client']));
    expect((await world.get()).status).to.equal(200);
    expect((await world.mesh.send(stranger, 'http://b/')).status).to.equal(403);
    expect((await world.mesh.sendPlain(b1, '/')).status).to.equal(403);
    const metrics = await world.mesh.metrics(b1);
    const allowed = metrics.series('inbound_http_authz_allow_total');
    expect(allowed.map(({ labels }) => labels['authz_name'])).to.deep.equal(['callers']);
    expect(metrics.sum('inbound_http_authz_deny_total')).to.equal(2);
  });

  it('60 probes are let in where the default denies', async () => {
    const b3 = await annotated('deny');
    expect((await world.mesh.sendPlain(b3, '/healthz')).status).to.equal(200);
    expect((await world.mesh.sendPlain(b3, '/other')).status).to.equal(403);
    expect((await world.mesh.sendPlain(b3, '/healthz', { method: 'POST' })).status).to.equal(403);
    expect((await world.mesh.sendPlain(b3, '/healthz/x')).status).to.equal(403);
  });

  it('61 with a route on the Server, what it does not match is 404, probes too', async () => {
    const api = route({
      name: 'api',
      parent: { group: 'policy.linkerd.io', kind: 'Server', name: 'b-http' },
      rules: [rule('/api')],
    });
    await world.apply(server(), api, allowAll());
    expect((await world.get('/api/x')).status).to.equal(200);
    expect((await world.get('/nope')).status).to.equal(404);
    expect((await world.mesh.sendPlain(b1, '/healthz')).status).to.equal(404);
    const metrics = await world.mesh.metrics(b1);
    expect(metrics.sum('inbound_http_route_not_found_total')).to.equal(2);
    const ref = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'api' };
    await world.apply(server(), api, ...allow(['nobody'], ref));
    expect((await world.get('/api/x')).status, 'a policy of the route').to.equal(403);
    await world.apply(server(), api, ...allow(['client'], ref));
    expect((await world.get('/api/x')).status).to.equal(200);
  });

  it('62 audit lets everybody in and says so', async () => {
    const b3 = await annotated('audit');
    expect((await world.mesh.sendPlain(b3, '/')).status).to.equal(200);
    expect((await world.get()).status).to.equal(200);
    const metrics = await world.mesh.metrics(b3);
    expect(metrics.sum('inbound_http_authz_allow_total', { authz_name: 'audit' })).to.equal(2);
  });

  describe('63 a rate limit', () => {
    const limited = (...spec: Parameters<typeof rateLimit>): Manifest[] => [
      server(),
      allowAll(),
      rateLimit(...spec),
    ];

    it('63 holds for each identity by itself', async () => {
      const other = await world.addPod({ name: 'other' });
      await world.apply(...limited({ identity: { requestsPerSecond: 5 } }));
      const replies = await world.load({ ms: 5_000, gapMs: 50 });
      const statuses = statusesOf(replies);
      // Five a second and a burst of as many.
      expect(statuses[200]).to.be.within(25, 31);
      expect(statuses[429]).to.equal(100 - (statuses[200] ?? 0));
      expect((await world.mesh.send(other, 'http://b/')).status).to.equal(200);
      const metrics = await world.mesh.metrics(b1);
      const limitedCount = metrics.sum('inbound_http_local_ratelimit_total');
      expect(limitedCount).to.equal(statuses[429]);
    });

    it('63 applies the total first, and an override in place of the identity’s', async () => {
      const overrides = [
        { requestsPerSecond: 20, clientRefs: [{ kind: 'ServiceAccount', name: 'client' }] },
      ];
      await world.apply(...limited({ identity: { requestsPerSecond: 1 }, overrides }));
      expect(statusesOf(await world.many(20))).to.deep.equal({ 200: 20 });
      await world.apply(...limited({ total: { requestsPerSecond: 3 }, overrides }));
      expect(statusesOf(await world.many(10))).to.deep.equal({ 200: 3, 429: 7 });
    });
  });
});
