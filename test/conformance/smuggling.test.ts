import { connect } from 'node:net';
import { expect } from 'chai';
import { chunks, get, HOST, post, refused } from '../../mesh/proxy/test/support/bad-requests.ts';
import { raw } from './harness/http.ts';
import type { Pod } from './harness/mesh.ts';
import { World } from './harness/world.ts';

const close = 'connection: close\r\n';

/** The same request as an HTTP client writes it to its proxy: the target with scheme and host. */
function viaProxy(bytes: string): string {
  return bytes.replace(/^([A-Za-z]+ +)\//, '$1http://b/');
}

// Rows of E2 in reference/reliability.md: through a pair of sidecars as the app's client would write it,
// and straight to the port of a pod as a stranger would.
describe('conformance: bytes that two readers could take differently', () => {
  let world: World;
  let b1: Pod;

  before(async () => {
    world = await World.start();
    ({ b1 } = world);
    await world.mesh.setReady(world.b2, { ready: false });
  });
  beforeEach(() => (b1.app.seen.length = 0));
  after(() => world.stop());

  const throughPair = (bytes: string) => world.mesh.sendRaw(world.client, viaProxy(bytes));
  const toPort = (bytes: string) => world.mesh.time.until(raw(b1.address, bytes));

  for (const [name, status, bytes] of refused) {
    it(`1–11, 14–16 ${name}: refused, and the app sees nothing`, async () => {
      const outside = await throughPair(bytes);
      // What is a CONNECT to a port is well understood by the one and refused by the other.
      if (!bytes.startsWith('CONNECT')) {
        expect(outside.slice(0, 12), 'by the client’s proxy').to.match(/^HTTP\/1\.1 (4|50)\d/);
      }
      expect((await toPort(bytes)).slice(0, 12), 'by the pod’s').to.equal(`HTTP/1.1 ${status}`);
      expect(b1.app.seen).to.deep.equal([]);
    });
  }

  for (const [name, body] of chunks) {
    it(`5, 6 chunks with ${name}: the app sees nothing`, async () => {
      const bytes = post('transfer-encoding: chunked\r\n', body);
      for (const reply of [await throughPair(bytes), await toPort(bytes)]) {
        expect(reply).to.match(/^(HTTP\/1\.1 400|$)/);
      }
      expect(b1.app.seen).to.deep.equal([]);
    });
  }

  it('1, 3 a second request hidden in a body stays a body', async () => {
    const hidden = `GET /admin HTTP/1.1\r\n${HOST}\r\n`;
    await throughPair(post(`${close}content-length: ${hidden.length}\r\n`, hidden));
    const size = hidden.length.toString(16);
    const chunked = `${size}\r\n${hidden}\r\n0\r\n\r\n`;
    await throughPair(post(`${close}transfer-encoding: chunked\r\n`, chunked));
    expect(b1.app.seen.map(({ url, body }) => [url, body])).to.deep.equal([
      ['/', hidden],
      ['/', hidden],
    ]);
  });

  it('6 trailers that frame, authenticate or speak for the mesh are dropped', async () => {
    const trailers =
      'content-length: 9\r\nauthorization: x\r\nl5d-client-id: forged\r\nhost: evil\r\n';
    await throughPair(
      post(`${close}transfer-encoding: chunked\r\n`, `1\r\nx\r\n0\r\n${trailers}\r\n`),
    );
    expect(b1.app.seen).to.have.length(1);
    expect(JSON.stringify(b1.app.seen)).to.not.match(/forged|evil|authorization/);
  });

  it('9 a host that is not known is not passed on', async () => {
    const reply = await world.mesh.sendRaw(
      world.client,
      `GET http://unknown/ HTTP/1.1\r\nhost: unknown\r\n${close}\r\n`,
    );
    expect(reply).to.match(/^HTTP\/1\.1 502 /);
    expect(b1.app.seen).to.deep.equal([]);
  });

  it('12 h2c and a websocket nobody wants end as plain requests, never as a tunnel', async () => {
    const upgrades = [
      'upgrade: h2c\r\nhttp2-settings: AAMAAABk\r\nconnection: upgrade, http2-settings\r\n',
    ];
    upgrades.push('upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: x\r\n');
    for (const fields of upgrades) {
      const second = `GET /second HTTP/1.1\r\n${HOST}${close}\r\n`.replace(
        '/second',
        'http://b/second',
      );
      const reply = await throughPair(get(fields) + second);
      expect(reply.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 200']);
    }
    expect(b1.app.seen.map(({ url }) => url)).to.deep.equal(['/', '/second', '/', '/second']);
    expect(b1.app.seen[0]?.headers).to.not.have.any.keys('upgrade', 'http2-settings');
  });

  it('13, 20 what Connection names and what only the mesh may say stays behind', async () => {
    const fields = [
      'connection: close, x-user, l5d-client-id',
      'x-user: admin',
      'keep-alive: timeout=5',
      'proxy-connection: keep-alive',
      'l5d-client-id: forged',
      'l5d_client_id: forged',
      'x-forwarded-client-cert: forged',
    ];
    await throughPair(get(`${fields.join('\r\n')}\r\n`));
    const headers = b1.app.seen[0]?.headers ?? {};
    expect(Object.keys(headers).toSorted()).to.deep.equal(['host', 'l5d-client-id']);
    expect(headers['l5d-client-id']).to.equal(world.client.identity);
    await toPort(get(`${fields.join('\r\n')}\r\n`));
    expect(b1.app.seen[1]?.headers).to.not.have.any.keys(
      'x-user',
      'l5d-client-id',
      'l5d_client_id',
    );
  });

  it('22 a traceparent that is none passes, or is left out, and breaks nothing', async () => {
    for (const value of ['00-zz', '0'.repeat(4_000), `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`]) {
      const reply = await throughPair(
        get(`${close}traceparent: ${value}\r\nbaggage: ${'a=b,'.repeat(1_000)}c=d\r\n`),
      );
      expect(reply).to.match(/^HTTP\/1\.1 200 /);
    }
  });

  it('19 pipelined requests are answered in order, and none after a refused one', async () => {
    const one = (path: string, fields = '') =>
      `GET http://b${path} HTTP/1.1\r\n${HOST}${fields}\r\n`;
    b1.app.answer = ({ url }) => ({ body: url, afterMs: url === '/1' ? 100 : 0 });
    const reply = await throughPair(one('/1') + one('/2') + one('/3', close));
    const bodies = Array.from(reply.matchAll(/\r\n(\/\d)/g), ([, body]) => body);
    expect(bodies).to.deep.equal(['/1', '/2', '/3']);
    const broken = await throughPair(one('/4') + one('/a/../b') + one('/5'));
    expect(broken.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(b1.app.seen.map(({ url }) => url)).to.deep.equal(['/1', '/2', '/3', '/4']);
  });

  it('19 a reply that promises less than it sends is cut, and its rest is nobody’s answer', async () => {
    b1.app.raw =
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil';
    expect((await world.get('/1')).body).to.equal('ab');
    b1.app.raw = undefined;
    b1.app.answer = () => ({ body: 'mine' });
    for (let index = 0; index < 5; index++) {
      expect((await world.get('/2')).body, 'the reply to this one').to.equal('mine');
    }
  });
});

describe('conformance: clients that are slow', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  /** Opens a connection to b1, writes `first` and then a byte a second; the seconds until it ends. */
  function trickle(first: string): { ended: Promise<number>; got: () => string } {
    const { time } = world.mesh;
    const startMs = time.nowMs();
    let got = '';
    const socket = connect(world.b1.address, () => socket.write(first));
    socket.on('data', (chunk) => (got += chunk.toString()));
    socket.on('error', () => socket.destroy());
    const ended = new Promise<number>((resolve) => {
      socket.on('close', () => resolve((time.nowMs() - startMs) / 1_000));
    });
    const drip = async (): Promise<void> => {
      while (!socket.destroyed) {
        await time.sleep(1_000);
        if (first !== '' && socket.writable) socket.write('a');
      }
    };
    void drip();
    return { ended, got: () => got };
  }

  it('17 a head that takes over ten seconds is refused with 408', async () => {
    const slow = Array.from({ length: 50 }, () => trickle('GET / HTTP/1.1\r\nhost: b\r\nx: '));
    await world.mesh.time.pass(5_000);
    expect((await world.get()).ms, 'others').to.be.below(50);
    const seconds = await world.mesh.time.until(Promise.all(slow.map(({ ended }) => ended)));
    for (const after of seconds) expect(after).to.be.within(10, 15);
    expect(slow[0]?.got()).to.match(/^HTTP\/1\.1 408 /);
    expect(world.b1.app.seen.length + world.b2.app.seen.length).to.equal(1);
  });

  it('17 a body that stops coming ends its connection', async () => {
    const { time } = world.mesh;
    let endedMs: number | undefined;
    const socket = connect(world.b1.address, () => {
      socket.write('POST / HTTP/1.1\r\nhost: b\r\ncontent-length: 10\r\n\r\nabc');
    });
    socket.on('close', () => (endedMs = time.nowMs()));
    const startMs = time.nowMs();
    await time.pass(50_000);
    expect(endedMs).to.equal(undefined);
    await time.pass(20_000);
    expect((endedMs ?? 0) - startMs).to.be.within(60_000, 65_000);
    expect(world.b1.app.seen).to.deep.equal([]);
  });

  it('17 connections that say nothing, or nothing more, are closed', async () => {
    const { time } = world.mesh;
    const silent = trickle('');
    expect(await time.until(silent.ended), 'never a byte').to.be.within(10, 12);
    let ended = false;
    const kept = connect(world.b1.address, () => kept.write('GET / HTTP/1.1\r\nhost: b\r\n\r\n'));
    kept.on('data', () => undefined);
    kept.on('close', () => (ended = true));
    await time.pass(110_000);
    expect(ended).to.equal(false);
    await time.pass(15_000);
    expect(ended, 'after two minutes').to.equal(true);
  });
});
