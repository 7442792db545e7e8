import { createApp } from '@faultline/chassis/app';
import { createMetrics } from '@faultline/chassis/metrics';
import { serve } from '@faultline/chassis/testing/app';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { silentLog } from '@faultline/chassis/testing/log';
import { expect } from 'chai';
import { finish } from '../../test/finish.ts';
import { stubShop } from '../../test/stub-shop.ts';
import { runLoad } from '../run.ts';
import { mountHooks } from './app.ts';
import { readConfig } from './config.ts';
import { Gate } from './gate.ts';
import { Runs } from './runs.ts';

/** The webhook, whose shop is a stub; load goes on as this clock does. */
async function world() {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const { send, asked } = stubShop();
  const loads: { rps: number; durationMs: number }[] = [];
  let isAway = false;
  const runs = new Runs({
    clock,
    log: silentLog,
    async load(what) {
      loads.push({ rps: what.rps, durationMs: what.durationMs });
      if (isAway) throw new Error('the shop does not answer');
      return runLoad({ ...what, clock, send, seed: 1, target: 'http://gateway' });
    },
  });
  const { app, router } = createApp({
    name: 'load-generator',
    version: '1.0.0',
    requestTimeoutMs: 10_000,
    clock,
    log: silentLog,
    metrics: createMetrics().http,
    draining: () => false,
  });
  mountHooks(router, { runs, gate: new Gate(clock) });
  const server = await serve(app);
  const postTo = (path: string) => async (body: object) => {
    const reply = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: reply.status, body: await reply.json() };
  };
  return {
    clock,
    asked,
    loads,
    runs,
    post: postTo('/load'),
    isTakenBack: postTo('/rollback'),
    abort: postTo('/rollback/open'),
    away: () => (isAway = true),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** As Flagger sends it. */
const told = {
  name: 'orders',
  namespace: 'shop',
  phase: 'Progressing',
  checksum: '85d557f47b',
  metadata: { rps: '50', duration: '10s' },
};

describe('the load generator as a webhook', () => {
  it('says yes at once, and sends people at the rate and for as long as it was told', async () => {
    await using at = await world();
    expect(await at.post(told)).to.deep.equal({
      status: 202,
      body: { canary: 'shop/orders', state: 'started', ends_at: '2026-01-01T00:00:10.000Z' },
    });
    await at.clock.advance(5_000);
    const halfway = at.asked.length;
    expect(halfway).to.be.greaterThan(100);
    const rest = at.clock.advance(60_000);
    await finish(at.clock, rest);
    const sent = at.asked.length;
    expect(sent).to.be.within(300, 800);
    // It ended by itself.
    await at.clock.advance(60_000);
    expect(at.asked.length).to.equal(sent);
    expect(at.loads).to.deep.equal([{ rps: 50, durationMs: 10_000 }]);
  });

  it('has one load at a time for each canary, however often it is asked', async () => {
    await using at = await world();
    await at.post(told);
    const again = await at.post({ ...told, phase: 'Progressing', checksum: 'other' });
    expect(again).to.deep.include({ status: 202 });
    expect(again.body).to.include({ state: 'running', ends_at: '2026-01-01T00:00:10.000Z' });
    expect((await at.post({ ...told, name: 'catalog' })).body.state).to.equal('started');
    expect(at.loads).to.have.length(2);
    await finish(at.clock, at.runs.end());
  });

  it('begins anew when the last one is over, also when that broke off', async () => {
    await using at = await world();
    at.away();
    await at.post(told);
    expect((await at.post(told)).body.state).to.equal('started');
    expect(at.loads).to.have.length(2);
  });

  it('goes by defaults without metadata, and refuses what it does not understand', async () => {
    await using at = await world();
    const { metadata: _, ...bare } = told;
    expect((await at.post(bare)).status).to.equal(202);
    expect(at.loads).to.deep.equal([{ rps: 20, durationMs: 60_000 }]);
    for (const metadata of [
      { rps: '0' },
      { rps: '1e9' },
      { duration: '2h' },
      { duration: 'soon' },
      { cmd: 'hey -z 1m http://gateway/' },
    ]) {
      const { status, body } = await at.post({ ...told, name: 'x', metadata });
      expect(status, JSON.stringify(metadata)).to.equal(400);
      expect(JSON.stringify(body.errors)).to.include('/metadata');
    }
    await finish(at.clock, at.runs.end());
  });

  it('takes no more loads than it can send, and none while it ends', async () => {
    await using at = await world();
    for (let count = 0; count < 20; count++) await at.post({ ...told, name: `canary-${count}` });
    expect((await at.post(told)).status).to.equal(503);
    await finish(at.clock, at.runs.end());
    const sent = at.asked.length;
    expect((await at.post(told)).status).to.equal(503);
    await at.clock.advance(60_000);
    expect(at.asked.length).to.equal(sent);
  });

  it('has no version taken back but that of the canary it was told, and that until Flagger did', async () => {
    await using at = await world();
    const { metadata: _, ...asked } = told;
    expect((await at.isTakenBack(asked)).status).to.equal(403);
    expect(await at.abort({ name: 'orders', namespace: 'shop' })).to.deep.equal({
      status: 202,
      body: { canary: 'shop/orders', ends_at: '2026-01-01T00:03:00.000Z' },
    });
    expect((await at.isTakenBack({ ...asked, name: 'catalog' })).status).to.equal(403);
    expect((await at.isTakenBack({ ...asked, namespace: 'other' })).status).to.equal(403);
    expect((await at.isTakenBack(asked)).status).to.equal(200);
    // As if the answer had been lost.
    expect((await at.isTakenBack(asked)).status).to.equal(200);
    // The next version is another.
    expect((await at.isTakenBack({ ...asked, checksum: 'other' })).status).to.equal(403);
    expect((await at.isTakenBack(asked)).status).to.equal(403);
  });

  it('takes nothing back that comes minutes later, and nothing that it was not told', async () => {
    await using at = await world();
    const { metadata: _, ...asked } = told;
    await at.abort({ name: 'orders', namespace: 'shop' });
    await at.clock.advance(179_999);
    expect((await at.isTakenBack(asked)).status).to.equal(200);
    await at.clock.advance(1);
    expect((await at.isTakenBack(asked)).status).to.equal(403);
    expect((await at.abort({ name: 'orders' })).status).to.equal(400);
    for (let count = 0; count < 20; count++) {
      await at.abort({ name: `canary-${count}`, namespace: 'shop' });
    }
    expect((await at.abort({ name: 'orders', namespace: 'shop' })).status).to.equal(503);
    expect((await at.abort({ name: 'canary-0', namespace: 'shop' })).status).to.equal(202);
    await at.clock.advance(180_000);
    expect((await at.abort({ name: 'orders', namespace: 'shop' })).status).to.equal(202);
  });

  it('calls the gateway by its Service’s name', () => {
    const env = { SERVICE_NAME: 'load-generator' };
    expect(readConfig(env).LOAD_TARGET).to.equal('http://gateway');
    expect(() => readConfig({ ...env, LOAD_TARGET: 'gateway' })).to.throw('LOAD_TARGET');
  });
});
