import type { WireFault } from '@faultline/mesh-core/snapshot';
import { expect } from 'chai';
import { createServer, connect, type Server } from 'node:net';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { until } from './support/poll.ts';
import { endpoint, service } from './support/snapshots.ts';

describe('faults', () => {
  let mesh: TestMesh;
  let client: TestProxy;
  let server: TestProxy;
  let store: Server;
  let storePort = 0;
  let served = 0;

  before(async () => {
    mesh = await TestMesh.start();
    server = await mesh.server('b', (_request, response) => {
      served++;
      response.end('x'.repeat(1_000));
    });
    store = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
    const address = store.address();
    storePort = typeof address === 'object' ? (address?.port ?? 0) : 0;
    client = await mesh.proxy('client');
  });

  after(async () => {
    await mesh.stop();
    store.close();
  });

  function fault(effect: WireFault['effect'], parts: Partial<WireFault> = {}): WireFault {
    return {
      id: effect.kind,
      at: 'outbound',
      target: 'a/b',
      match: {},
      sharePercent: 100,
      direction: 'request',
      untilMs: Date.now() + 60_000,
      effect,
      ...parts,
    };
  }

  let listenPort = 0;
  async function inject(...faults: WireFault[]): Promise<void> {
    listenPort ||= await freePort();
    await mesh.apply(client, {
      services: [service()],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
      tcpTargets: [
        {
          name: 'store',
          listen: { host: '127.0.0.1', port: listenPort },
          to: { host: '127.0.0.1', port: storePort },
        },
      ],
      faults,
    });
    served = 0;
  }

  const get = (path = '/', method = 'GET') => mesh.ask(client, `http://b${path}`, { method });
  const failure = () => get().catch((error: unknown) => error);

  it('delays', async () => {
    await inject(fault({ kind: 'delay', delayMs: 80, jitterMs: 10 }));
    const { status, ms } = await get();
    expect(status).to.equal(200);
    expect(ms).to.be.within(69, 2_000);
  });

  it('answers with an error without asking the server', async () => {
    await inject(fault({ kind: 'error', status: 503 }));
    expect((await get()).status).to.equal(503);
    expect(served).to.equal(0);
  });

  it('resets: 502 to the client, as a broken connection is', async () => {
    await inject(fault({ kind: 'reset' }));
    expect((await get()).status).to.equal(502);
  });

  it('swallows requests until the lease ends', async () => {
    await inject(fault({ kind: 'blackhole' }, { untilMs: Date.now() + 200 }));
    const { status, ms } = await get();
    expect(status).to.equal(502);
    expect(ms).to.be.within(100, 2_000);
    expect((await get()).status, 'the lease is over').to.equal(200);
  });

  it('counts as sent what it holds back, and as ended what has ended', async () => {
    const counted = async (what: string): Promise<number> =>
      await mesh.metric(client, `outbound_http_route_backend_${what}_total`);
    const [sent, ended] = [await counted('requests'), await counted('response_statuses')];
    await inject(fault({ kind: 'delay', delayMs: 300, jitterMs: 0 }));
    const reply = get();
    await until(async () => (await counted('requests')) === sent + 1);
    expect(await counted('response_statuses')).to.equal(ended);
    await reply;
    expect(await counted('response_statuses')).to.equal(ended + 1);
  });

  it('loses the reply of work that was done', async () => {
    await inject(fault({ kind: 'reset' }, { direction: 'response' }));
    expect((await get()).status).to.equal(502);
    expect(served).to.equal(1);
  });

  it('limits bandwidth', async () => {
    await inject(fault({ kind: 'bandwidth', bytesPerSecond: 4_000 }, { direction: 'response' }));
    const { body, ms } = await get();
    expect(body).to.have.length(1_000);
    expect(ms).to.be.within(200, 2_000);
  });

  it('closes slowly', async () => {
    await inject(fault({ kind: 'slow-close', delayMs: 100 }, { direction: 'response' }));
    const { body, ms } = await get();
    expect(body).to.have.length(1_000);
    expect(ms).to.be.within(95, 2_000);
  });

  it('truncates', async () => {
    await inject(fault({ kind: 'truncate', afterBytes: 10 }, { direction: 'response' }));
    expect(await failure()).to.have.property('code', 'ECONNRESET');
  });

  it('hits only what it is aimed at: method, path, share', async () => {
    const match = { method: 'POST', pathPrefix: '/pay' };
    await inject(fault({ kind: 'error', status: 500 }, { match }));
    expect((await get('/pay', 'POST')).status).to.equal(500);
    expect((await get('/pay')).status).to.equal(200);
    expect((await get('/', 'POST')).status).to.equal(200);
    await inject(fault({ kind: 'error', status: 500 }, { sharePercent: 50 }));
    const replies = await Promise.all(Array.from({ length: 100 }, () => get()));
    expect(replies.filter(({ status }) => status === 500).length).to.be.within(30, 70);
  });

  it('ends with its lease, whether or not anybody takes it back', async () => {
    await inject(fault({ kind: 'error', status: 500 }, { untilMs: Date.now() + 150 }));
    expect((await get()).status).to.equal(500);
    await until(async () => (await get()).status === 200);
  });

  it('on the server side, breaks the connection and spares nobody but probes and metrics', async () => {
    const faults = [fault({ kind: 'reset' }, { at: 'inbound' })];
    await mesh.apply(server, { faults, probePaths: ['/healthz'] });
    await inject();
    expect((await get()).status).to.equal(502);
    for (const path of ['/healthz', '/metrics']) expect((await get(path)).status).to.equal(200);
    await mesh.apply(server, {});
    expect((await get()).status).to.equal(200);
  });

  describe('of a store', () => {
    /** Sends `text` through the proxy's listener; what came back when nothing more comes. */
    function echo(text: string): Promise<{ got: string; ms: number }> {
      const startMs = performance.now();
      return new Promise((resolve) => {
        let got = '';
        const socket = connect(listenPort, '127.0.0.1', () => void socket.end(text));
        socket.on('data', (chunk) => (got += String(chunk)));
        socket.on('error', () => socket.destroy());
        socket.on('close', () => resolve({ got, ms: performance.now() - startMs }));
      });
    }
    const tcp = (effect: WireFault['effect'], direction: WireFault['direction'] = 'response') =>
      fault(effect, { at: 'tcp', target: 'store', direction });

    it('passes bytes and half-closes, and counts them', async () => {
      await inject();
      expect((await echo('hello')).got).to.equal('hello');
      const labels = { dst_service: 'store' };
      await until(async () => (await mesh.metric(client, 'tcp_close_total', labels)) === 1);
      expect(await mesh.metric(client, 'tcp_open_total', labels)).to.equal(1);
      expect(await mesh.metric(client, 'tcp_open_connections', labels)).to.equal(0);
      expect(await mesh.metric(client, 'tcp_write_bytes_total', labels)).to.equal(5);
    });

    it('delays, limits, truncates, closes slowly and resets', async () => {
      await inject(tcp({ kind: 'delay', delayMs: 80, jitterMs: 0 }));
      expect((await echo('hello')).ms).to.be.above(75);
      await inject(tcp({ kind: 'bandwidth', bytesPerSecond: 100 }));
      const slow = await echo('x'.repeat(20));
      expect(slow.got).to.have.length(20);
      expect(slow.ms).to.be.above(145);
      await inject(tcp({ kind: 'truncate', afterBytes: 2 }));
      expect((await echo('hello')).got.length).to.be.at.most(2);
      await inject(tcp({ kind: 'slow-close', delayMs: 80 }));
      const late = await echo('hello');
      expect(late.got).to.equal('hello');
      expect(late.ms).to.be.above(75);
      await inject(tcp({ kind: 'reset' }));
      expect((await echo('hello')).got).to.equal('');
    });

    it('swallows what is sent on connections that are open already, until the lease ends', async () => {
      await inject();
      let got = '';
      const socket = connect(listenPort, '127.0.0.1');
      socket.on('data', (chunk) => (got += String(chunk)));
      socket.write('a');
      await until(() => got === 'a');
      await inject({ ...tcp({ kind: 'blackhole' }, 'request'), untilMs: Date.now() + 300 });
      const startMs = performance.now();
      socket.write('b');
      await until(() => got === 'ab');
      expect(performance.now() - startMs).to.be.above(150);
      socket.destroy();
    });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
