import { Agent } from 'node:http';
import { expect } from 'chai';
import { route } from './harness/manifests.ts';
import { World } from './harness/world.ts';

const timeout = (kind: string, value: string) => ({ [`timeout.linkerd.io/${kind}`]: value });

describe('conformance: timeouts', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  /** Both backends answer after `afterMs`. */
  const slow = (afterMs: number): void => {
    for (const { app, name } of [world.b1, world.b2]) app.answer = () => ({ afterMs, body: name });
  };

  it('26 request timeout of a Service: 504 in time, the connection kept', async () => {
    await world.applyWith({ annotations: timeout('request', '300ms') });
    slow(1_000);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let sockets = 0;
    agent.on('free', () => sockets++);
    const reply = await world.get('/', { agent });
    expect(reply.status).to.equal(504);
    expect(reply.ms).to.be.within(295, 320);
    expect(reply.body).to.equal('');
    expect(reply.headers['l5d-proxy-error']).to.match(
      /timed out waiting for response headers.*300ms/,
    );
    expect(sockets, 'connections given back').to.equal(1);
    agent.destroy();
    const metrics = await world.mesh.metrics(world.client);
    const labels = { error: 'REQUEST_TIMEOUT', parent_name: 'b', route_kind: 'default' };
    expect(metrics.sum('outbound_http_route_request_statuses_total', labels)).to.equal(1);
  });

  it('27 a route’s timeouts replace the Service’s as a whole', async () => {
    const idle = route({ annotations: timeout('idle', '10s') });
    await world.applyWith({ annotations: timeout('request', '300ms') }, idle);
    slow(1_000);
    expect((await world.get()).status).to.equal(200);
  });

  it('28 a route’s annotation counts before its rule’s timeout', async () => {
    const rules = [{ timeouts: { request: '300ms' } }];
    slow(2_000);
    await world.apply(route({ rules }));
    expect((await world.get()).ms).to.be.within(295, 320);
    await world.apply(route({ annotations: timeout('request', '900ms'), rules }));
    const reply = await world.get();
    expect(reply.status).to.equal(504);
    expect(reply.ms).to.be.within(895, 920);
  });

  it('29 compound durations and backendRequest have no effect', async () => {
    for (const timeouts of [{ request: '1m30s' }, { backendRequest: '100ms' }]) {
      await world.apply(route({ rules: [{ timeouts }] }));
      slow(100_000);
      const reply = await world.get();
      expect(reply.status).to.equal(200);
      expect(reply.ms).to.be.at.least(100_000);
    }
  });

  it('30 the response timeout begins when the request has been sent', async () => {
    await world.applyWith({ annotations: timeout('response', '300ms') });
    const { time } = world.mesh;
    const reply = await world.get('/', {
      method: 'POST',
      write(outgoing) {
        outgoing.write('a');
        void time.sleep(1_000).then(() => outgoing.end('b'));
      },
    });
    expect(reply.status).to.equal(200);
    expect(reply.ms).to.be.at.least(1_000);
    slow(1_000);
    const late = await world.get();
    expect(late.status).to.equal(504);
    expect(late.ms).to.be.within(295, 320);
  });

  it('31 a body that stalls is broken off by the idle timeout', async () => {
    await world.applyWith({ annotations: timeout('idle', '200ms') });
    for (const { app } of [world.b1, world.b2]) app.answer = () => ({ hangs: 'body' });
    const reply = await world.get();
    expect(reply.status).to.equal(200);
    expect(reply.broken).to.equal(true);
    expect(reply.ms).to.be.within(195, 220);
  });

  it('32 a duration without unit: refused on a route, ignored with a warning on a Service', async () => {
    const annotations = timeout('request', '5');
    let said = '';
    try {
      await world.apply(route({ annotations }));
    } catch (refusal) {
      said = refusal instanceof Error ? refusal.message : '';
    }
    expect(said).to.contain("'5' is not a duration");
    await world.applyWith({ annotations });
    expect(world.mesh.warnings().join()).to.contain('timeout.linkerd.io/request');
    slow(10_000);
    expect((await world.get()).status).to.equal(200);
  });
});
