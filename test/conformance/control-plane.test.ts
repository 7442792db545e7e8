import { expect } from 'chai';
import { route, rule, service, to } from './harness/manifests.ts';
import { shareOf, statusesOf, World } from './harness/world.ts';

const minutes = (count: number): number => count * 60_000;

describe('conformance: a control plane that dies', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  it('proxies go on for ten minutes with what they were last told, and take up what came meanwhile', async () => {
    const { mesh, client } = world;
    const annotations = { 'timeout.linkerd.io/request': '300ms' };
    await world.applyWith({ annotations }, route({ rules: [rule('/', to('b-1'))] }));
    await mesh.stopControlPlane();
    const replies = await world.load({ ms: minutes(10), gapMs: 1_000 });
    expect(statusesOf(replies)).to.deep.equal({ 200: 600 });
    expect(shareOf(replies, world.b1), 'by the route it knew').to.equal(1);
    world.b1.app.answer = () => ({ afterMs: 1_000 });
    expect((await world.get()).status, 'and its timeout').to.equal(504);

    await mesh.startControlPlane();
    await world.apply(route({ rules: [rule('/', to('b-2'))] }));
    await mesh.time.pass(10_000);
    expect(shareOf(await world.many(10), world.b2), 'what it is told now').to.equal(1);
    const metrics = await mesh.metrics(client);
    const refreshed = metrics.sum('control_identity_cert_refreshes_total', { result: 'ok' });
    expect(refreshed, 'certificates, one from each').to.equal(2);
  }).timeout(60_000);

  it('pods that come and go meanwhile are known after it', async () => {
    const { mesh } = world;
    await mesh.stopControlPlane();
    await world.many(5);
    await mesh.startControlPlane();
    const late = await world.addPod({ name: 'late' });
    await mesh.apply(service('b', { selector: { app: 'late' } }));
    await mesh.time.pass(10_000);
    expect(shareOf(await world.many(5), late)).to.equal(1);
  });
});
