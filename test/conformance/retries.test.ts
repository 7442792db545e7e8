import { expect } from 'chai';
import type { Metrics } from './harness/metrics.ts';
import { route, rule, to } from './harness/manifests.ts';
import { gapsOf, statusesOf, World } from './harness/world.ts';

const retry = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`retry.linkerd.io/${key}`, value]),
  );

describe('conformance: retries', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  /** Everything goes to b1, with these retries. */
  const only = (values: Readonly<Record<string, string>>) =>
    world.apply(route({ annotations: retry(values), rules: [rule('/', to('b-1'))] }));
  /** b1 answers with these statuses in turn, the last for good. */
  const statuses = (...list: number[]): void => {
    world.b1.app.answer = (_seen, index) => ({ status: list[index] ?? list.at(-1) ?? 200 });
  };
  const counts = (metrics: Metrics) =>
    ['requests', 'successes', 'limit_exceeded', 'overflow'].map((what) =>
      metrics.sum(`outbound_http_route_retry_${what}_total`),
    );

  it('33 a listed status is retried once and the client sees the success', async () => {
    await only({ http: '5xx' });
    statuses(503, 200);
    expect((await world.get()).status).to.equal(200);
    expect(world.b1.app.seen).to.have.length(2);
    const metrics = await world.mesh.metrics(world.client);
    expect(counts(metrics)).to.deep.equal([1, 1, 0, 0]);
    expect(metrics.sum('outbound_http_route_request_statuses_total')).to.equal(1);
    expect(metrics.sum('outbound_http_route_backend_requests_total')).to.equal(2);
    const failed = { http_status: '503' };
    expect(metrics.sum('outbound_http_route_backend_response_statuses_total', failed)).to.equal(1);
  });

  it('34 the limit is one when none is set; then the failure is passed on', async () => {
    await only({ http: '5xx' });
    statuses(503);
    expect((await world.get()).status).to.equal(503);
    expect(world.b1.app.seen).to.have.length(2);
    expect(counts(await world.mesh.metrics(world.client))).to.deep.equal([1, 0, 1, 0]);
  });

  it('35 three retries have growing pauses; a limit of 0 means 1', async () => {
    await only({ http: '5xx', limit: '3' });
    statuses(503);
    await world.get();
    const gaps = gapsOf(world.b1);
    expect(gaps).to.have.length(3);
    for (const [index, from] of [25, 50, 100].entries()) {
      expect(gaps[index]).to.be.within(from, from * 2 + 2);
    }
    world.b1.app.seen.length = 0;
    await only({ http: '5xx', limit: '0' });
    await world.get();
    expect(world.b1.app.seen).to.have.length(2);
  });

  it('36 a POST is retried with its body', async () => {
    await only({ http: '5xx' });
    statuses(500, 200);
    const body = 'x'.repeat(10 * 1_024);
    expect((await world.post('/', body)).status).to.equal(200);
    expect(world.b1.app.seen.map((seen) => seen.body === body)).to.deep.equal([true, true]);
  });

  it('37 a body that is too long to be kept is not sent again', async () => {
    await only({ http: '5xx' });
    statuses(500);
    expect((await world.post('/', 'x'.repeat(70_000))).status).to.equal(500);
    expect(world.b1.app.seen.map(({ body }) => body.length)).to.deep.equal([70_000]);
  });

  it('38 gateway-error is 502 to 504 and not 500', async () => {
    await only({ http: 'gateway-error' });
    statuses(500);
    await world.get();
    expect(world.b1.app.seen).to.have.length(1);
    for (const status of [502, 503, 504]) {
      world.b1.app.seen.length = 0;
      statuses(status);
      await world.get();
      expect(world.b1.app.seen, String(status)).to.have.length(2);
    }
  });

  it('8, 38 a backend that does not exist is not asked again, though 5xx is listed', async () => {
    const annotations = retry({ http: '5xx' });
    await world.apply(route({ annotations, rules: [rule('/', to('absent'))] }));
    expect((await world.get()).status).to.equal(500);
    const metrics = await world.mesh.metrics(world.client);
    expect(metrics.sum('outbound_http_route_backend_requests_total')).to.equal(1);
    expect(counts(metrics)).to.deep.equal([0, 0, 0, 0]);
  });

  it('39 a blank in the list of conditions is refused', async () => {
    let said = '';
    try {
      await only({ http: '5xx, 404' });
    } catch (refusal) {
      said = refusal instanceof Error ? refusal.message : '';
    }
    expect(said).to.contain("' 404' is not 5xx, gateway-error, NNN or NNN-NNN");
  });

  it('40 the retry timeout limits all attempts but the last', async () => {
    await only({ timeout: '100ms', limit: '2' });
    world.b1.app.answer = () => ({ hangs: 'all' });
    const reply = await world.mesh.sendWithin(100_000, world.client, 'http://b/');
    expect(reply, 'the last attempt hangs on').to.equal(undefined);
    const gaps = gapsOf(world.b1);
    expect(gaps).to.have.length(2);
    expect(gaps[0]).to.be.within(125, 152);
    expect(gaps[1]).to.be.within(150, 202);
  });

  it('41 the request timeout is for all attempts together', async () => {
    const annotations = {
      ...retry({ http: '5xx', limit: '5' }),
      'timeout.linkerd.io/request': '250ms',
    };
    await world.apply(route({ annotations, rules: [rule('/', to('b-1'))] }));
    world.b1.app.answer = () => ({ status: 503, afterMs: 200 });
    const reply = await world.get();
    expect(reply.status).to.equal(504);
    expect(reply.ms).to.be.within(245, 270);
  });

  it('42 there is no budget: twice the load arrives', async () => {
    await only({ http: '5xx' });
    statuses(503);
    const replies = await world.load({ ms: 1_000, gapMs: 1 });
    expect(statusesOf(replies)).to.deep.equal({ 503: 1_000 });
    expect(world.b1.app.seen).to.have.length(2_000);
  }).timeout(60_000);

  it('43 a retry may land on another backend', async () => {
    const annotations = retry({ http: '5xx' });
    await world.apply(route({ annotations, rules: [rule('/', to('b-1'), to('b-2'))] }));
    statuses(503);
    const replies = await world.many(200);
    // Half go right at once, half of the rest at the second attempt.
    expect(statusesOf(replies)[200]).to.be.within(130, 170);
    const [, successes] = counts(await world.mesh.metrics(world.client));
    expect(successes).to.be.within(30, 70);
  });
});
