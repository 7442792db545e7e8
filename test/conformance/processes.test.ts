import { basename } from 'node:path';
import { proxyProgram } from '@faultline/mesh-proxy/program';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { isStale } from '../../tools/setup/bundles.mjs';
import { allow, route, rule, server, to } from './harness/manifests.ts';
import { asProcesses } from './harness/proxies.ts';
import { shareOf, statusesOf, World } from './harness/world.ts';

// The same rows as elsewhere, where nothing waits, through proxies that are processes of their own.
describe('conformance: proxies as processes', () => {
  let world: World;

  before(async () => (world = await World.start({ launcher: asProcesses() })));
  beforeEach(async () => {
    for (const { app, name } of [world.b1, world.b2]) {
      app.seen.length = 0;
      app.answer = () => ({ body: name });
    }
    await world.apply();
  });
  after(() => world.stop());

  it('runs the set-up’s bundle for as long as that is of these sources', () => {
    const expected = isStale(root, 'mesh/proxy') ? 'main.ts' : 'main.cjs';
    expect(basename(proxyProgram())).to.equal(expected);
  });

  it('1 a Service without routes is served by its pods', async () => {
    expect(statusesOf(await world.many(20))).to.deep.equal({ 200: 20 });
    const metrics = await world.mesh.metrics(world.client);
    const labels = { route_kind: 'default', route_name: 'http' };
    expect(metrics.sum('outbound_http_route_request_statuses_total', labels)).to.equal(20);
  });

  it('2 weights 90 and 10', async () => {
    await world.apply(route({ rules: [rule('/', to('b-1', 90), to('b-2', 10))] }));
    expect(shareOf(await world.many(2_000), world.b2)).to.be.within(0.07, 0.13);
  });

  it('9 what no route matches is 404', async () => {
    await world.apply(route({ rules: [rule('/x')] }));
    expect((await world.get('/y')).status).to.equal(404);
    expect((await world.get('/x')).status).to.equal(200);
  });

  it('26 the request timeout', async () => {
    await world.applyWith({ annotations: { 'timeout.linkerd.io/request': '300ms' } });
    for (const { app } of [world.b1, world.b2]) app.answer = () => ({ hangs: 'all' });
    const reply = await world.get();
    expect(reply.status).to.equal(504);
    expect(reply.ms).to.be.greaterThan(290);
  });

  it('33, 36 a retry, with its body', async () => {
    const annotations = { 'retry.linkerd.io/http': '5xx' };
    await world.apply(route({ annotations, rules: [rule('/', to('b-1'))] }));
    world.b1.app.answer = (_seen, index) => ({ status: index === 0 ? 503 : 200 });
    const body = 'x'.repeat(10 * 1_024);
    expect((await world.post('/', body)).status).to.equal(200);
    expect(world.b1.app.seen.map((seen) => seen.body === body)).to.deep.equal([true, true]);
  });

  it('55, 59 identities and policy', async () => {
    await world.apply(server(), ...allow(['client']));
    expect((await world.get()).status).to.equal(200);
    const seen = [...world.b1.app.seen, ...world.b2.app.seen];
    expect(seen[0]?.headers['l5d-client-id']).to.equal(world.client.identity);
    expect((await world.mesh.sendPlain(world.b1, '/')).status).to.equal(403);
  });

  it('53 a peer proxy that is killed costs no request', async () => {
    await world.many(20);
    await world.mesh.killProxy(world.b1);
    const replies = await world.many(100);
    expect(statusesOf(replies)).to.deep.equal({ 200: 100 });
    expect(shareOf(replies, world.b2)).to.equal(1);
    await world.mesh.startProxy(world.b1);
    await world.mesh.setReady(world.b2, { ready: false });
    expect((await world.get()).body, 'back at the same address').to.equal('b1');
  });
});
