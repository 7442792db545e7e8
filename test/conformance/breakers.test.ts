import { expect } from 'chai';
import { route, rule, service, to } from './harness/manifests.ts';
import type { Pod } from './harness/mesh.ts';
import { gapsOf, shareOf, statusesOf, World } from './harness/world.ts';

const accrual = 'balancer.linkerd.io/failure-accrual';
const consecutive = { [accrual]: 'consecutive' };

describe('conformance: circuit breakers and load', () => {
  let world: World;
  let b1: Pod;
  let b2: Pod;

  beforeEach(async () => {
    world = await World.start();
    ({ b1, b2 } = world);
  });
  afterEach(() => world.stop());

  const fails = (pod: Pod, status = 500): void => {
    pod.app.answer = () => ({ status, body: pod.name });
  };
  const recovers = (pod: Pod): void => {
    pod.app.answer = () => ({ body: pod.name });
  };
  /** One by one, so that what came before decides what comes next. */
  const inTurn = (count: number) => world.many(count, { atOnce: 1 });

  it('44 seven failures in a row take an endpoint out; single probes follow, ever rarer', async () => {
    await world.applyWith({ annotations: consecutive });
    fails(b1);
    await world.load({ ms: 250_000, gapMs: 100 });
    const gaps = gapsOf(b1);
    expect(b1.app.seen.length).to.be.greaterThan(12);
    const [first, ...probes] = gaps.slice(6);
    expect(first, 'the first probe').to.be.within(1_000, 1_300);
    const ranges = [
      [2, 2],
      [4, 5],
      [8, 11],
      [16, 23],
      [32, 47],
      [60, 60],
    ] as const;
    for (const [index, [least, most]] of ranges.entries()) {
      expect(probes[index], `gap ${index}`).to.be.within(least * 1_000, most * 1_000 + 300);
    }
    expect(probes.slice(6).every((gap) => gap >= 60_000 && gap < 60_300)).to.equal(true);
  }).timeout(60_000);

  it('45 a probe that succeeds restores the share and resets the count', async () => {
    await world.applyWith({ annotations: consecutive });
    fails(b1);
    await world.load({ ms: 2_000, gapMs: 50 });
    recovers(b1);
    await world.load({ ms: 3_000, gapMs: 100 });
    expect(shareOf(await world.many(200), b1)).to.be.within(0.25, 0.75);
    await world.mesh.setReady(b2, { ready: false });
    fails(b1);
    await inTurn(6);
    recovers(b1);
    expect(statusesOf(await inTurn(5)), 'six failures are too few').to.deep.equal({ 200: 5 });
  });

  it('46 a success in between keeps it in', async () => {
    await world.applyWith({ annotations: consecutive });
    await world.mesh.setReady(b2, { ready: false });
    b1.app.answer = (_seen, index) => ({ status: index === 6 ? 200 : 500 });
    expect(statusesOf(await inTurn(13))).to.deep.equal({ 200: 1, 500: 12 });
    expect(b1.app.seen).to.have.length(13);
  });

  it('47 replies of 429 and 404 are no failures', async () => {
    await world.applyWith({ annotations: consecutive });
    await world.mesh.setReady(b2, { ready: false });
    for (const status of [429, 404]) {
      fails(b1, status);
      expect(statusesOf(await inTurn(20))).to.deep.equal({ [status]: 20 });
    }
  });

  it('48 all endpoints out is as none at all: waits, 504, then 503 until a probe succeeds', async () => {
    await world.applyWith({ annotations: consecutive });
    fails(b1);
    fails(b2);
    const replies = await world.load({ ms: 60_000, gapMs: 250 });
    const statuses = replies.map(({ status }) => status);
    const seen = b1.app.seen.length + b2.app.seen.length;
    expect(statuses.filter((status) => status === 500)).to.have.length(seen);
    expect(statuses.indexOf(500)).to.equal(0);
    expect(statuses.indexOf(504)).to.be.greaterThan(13);
    expect(statuses.indexOf(503)).to.be.greaterThan(statuses.indexOf(504));
    for (const { ms, status } of replies) {
      expect(ms).to.be.below(3_100);
      if (status === 503) expect(ms).to.be.below(50);
    }
    recovers(b1);
    recovers(b2);
    const later = await world.load({ ms: 60_000, gapMs: 250 });
    expect(later.slice(-20).map(({ status }) => status)).to.deep.equal(Array(20).fill(200));
  }).timeout(60_000);

  it('49 only the parent’s annotation counts, and each client has its own breaker', async () => {
    const toB1 = route({ rules: [rule('/', to('b-1'))] });
    fails(b1);
    await world.mesh.apply(
      service('b'),
      service('b-1', { selector: { backend: '1' }, annotations: consecutive }),
      toB1,
    );
    expect(statusesOf(await inTurn(20)), 'on a backend it does nothing').to.deep.equal({ 500: 20 });
    await world.applyWith({ annotations: consecutive }, toB1);
    const other = await world.addPod({ name: 'other' });
    await inTurn(7);
    const before = b1.app.seen.length;
    const own = await world.mesh.sendWithin(500, world.client, 'http://b/');
    expect(own, 'the client that tripped waits').to.equal(undefined);
    const reply = await world.mesh.sendWithin(500, other, 'http://b/');
    expect(reply?.status, 'the other goes on').to.equal(500);
    expect(b1.app.seen.length).to.equal(before + 1);
  });

  it('50 unified: half the replies throttled trips', async () => {
    const alpha = 'balancer.alpha.linkerd.io/failure-accrual-success-rate';
    const annotations = {
      [accrual]: 'unified',
      [`${alpha}-threshold`]: '0.8',
      [`${alpha}-min-requests`]: '5',
    };
    await world.applyWith({ annotations });
    await world.mesh.setReady(b2, { ready: false });
    b1.app.answer = (_seen, index) => ({ status: index % 2 === 0 ? 200 : 429 });
    await inTurn(5);
    expect(b1.app.seen).to.have.length(5);
    const next = await world.get();
    expect(next.ms, 'waits for the probe').to.be.within(995, 1_050);
  });

  it('51 the faster endpoint gets most', async () => {
    for (const [pod, afterMs] of [
      [b1, 5],
      [b2, 200],
    ] as const) {
      pod.app.answer = () => ({ afterMs, body: pod.name });
    }
    expect(shareOf(await world.many(500, { atOnce: 10 }), b1)).to.be.greaterThan(0.7);
  });

  it('52 an unmeshed endpoint that refuses: 502 each, and the client is asked to close', async () => {
    const plain = await world.addPod({ name: 'plain', meshed: false });
    await world.mesh.apply(service('b', { selector: { app: 'plain' } }));
    expect((await world.get()).body).to.equal('plain');
    const metrics = await world.mesh.metrics(world.client);
    expect(metrics.sum('request_total', { dst_pod: 'plain', tls: 'no_identity' })).to.equal(1);
    await plain.app.stop();
    for (let index = 0; index < 5; index++) {
      const reply = await world.get();
      expect(reply.status).to.equal(502);
      expect(reply.ms).to.be.below(50);
      expect(reply.headers['l5d-proxy-error']).to.be.a('string');
      expect(reply.headers.connection).to.equal('close');
      expect(reply.headers['l5d-proxy-connection']).to.equal('close');
    }
  });

  it('53 a peer proxy that is down costs no request', async () => {
    await world.many(10);
    await world.mesh.killProxy(b1);
    const replies = await world.many(100);
    expect(statusesOf(replies)).to.deep.equal({ 200: 100 });
    expect(shareOf(replies, b2)).to.equal(1);
  });

  it('54 an app that is down behind its proxy: that proxy answers 502', async () => {
    await world.mesh.setReady(b2, { ready: false });
    await b1.app.stop();
    const reply = await world.get();
    expect(reply.status).to.equal(502);
    const metrics = await world.mesh.metrics(b1);
    expect(metrics.sum('inbound_http_errors_total', { error: 'i/o' })).to.equal(1);
  });
});
