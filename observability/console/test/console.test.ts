import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createConsole } from '../src/console.ts';

type Reply = { status: number; headers: IncomingMessage['headers']; body: string };
type Asked = { method?: string; headers?: Record<string, string>; body?: string };

const token = 'the token of this run';

describe('the console’s server', () => {
  const servers: Server[] = [];
  const seen: { url: string; method: string; headers: IncomingMessage['headers']; body: string }[] =
    [];
  let dir: string;
  let port: number;
  let bare: number;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'console-'));
    const engineSocket = join(dir, 'engine.sock');
    const upstream = () =>
      createServer((req, res) => {
        void text(req).then((body) => {
          const { url = '', method = '', headers } = req;
          seen.push({ url, method, headers, body });
          res.writeHead(url.includes('wrong') ? 400 : 200, {
            'content-type': 'application/json',
            'set-cookie': 'not=passed-on',
          });
          res.end(JSON.stringify({ answered: url }));
        });
      });
    await listen(upstream(), engineSocket);
    const prometheus = await listen(upstream(), 0);
    const common = {
      api: (req: IncomingMessage, res: { end(body: string): void }) => res.end(`store ${req.url}`),
      token,
      hosts: ['console.example'],
    };
    const prometheusUrl = `http://127.0.0.1:${prometheus}/base/`;
    port = await listen(
      createServer(await createConsole({ ...common, prometheusUrl, engineSocket })),
      0,
    );
    const without = { ...common, prometheusUrl: undefined, engineSocket: undefined };
    bare = await listen(createServer(await createConsole(without)), 0);
  });

  after(async () => {
    for (const server of servers) server.close();
    await rm(dir, { recursive: true });
  });

  async function listen(server: Server, at: number | string): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => {
      if (typeof at === 'string') server.listen(at, resolve);
      else server.listen(at, '127.0.0.1', resolve);
    });
    const address = server.address();
    return typeof address === 'string' ? 0 : ((address as AddressInfo | null)?.port ?? 0);
  }

  function ask(path: string, asked: Asked = {}, at = port): Promise<Reply> {
    const { method = 'GET', headers = {}, body } = asked;
    return new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port: at, path, method, headers, agent: false as const };
      const call = request(target, (reply) => {
        const { statusCode: status = 0, headers: got } = reply;
        text(reply).then((all) => resolve({ status, headers: got, body: all }), reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  const act = (call: string, headers: Record<string, string> = {}) =>
    ask(`/engine/${call}`, {
      method: 'POST',
      headers: { 'x-faultline-token': token, 'content-type': 'application/json', ...headers },
      body: '{"kind":"error"}',
    });

  it('answers every view’s address with the one page, and nothing from elsewhere may run in it', async () => {
    for (const path of ['/', '/traces/abc', '/incidents?at=1']) {
      const { status, headers, body } = await ask(path);
      expect(status).to.equal(200);
      expect(body).to.include(`<meta name="faultline-token" content="${token}">`);
      expect(body).not.to.match(/<script>|onclick|style=/);
      expect(headers['content-security-policy']).to.include("default-src 'none'");
      expect(headers['content-security-policy']).not.to.include('unsafe');
      expect(headers).to.include({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
      });
    }
  });

  it('says in the page what there is to ask', async () => {
    expect((await ask('/')).body).to.include('content="engine prometheus"');
    expect((await ask('/', {}, bare)).body).to.include('name="faultline-parts" content=""');
  });

  it('serves style sheets by their content: for ever when the version is right, else not', async () => {
    const [, url = ''] =
      /href="(\/assets\/tokens\.css\?v=[^"]+)"/.exec((await ask('/')).body) ?? [];
    const current = await ask(url, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(current.headers).to.include({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
    });
    const other = await ask('/assets/tokens.css?v=old');
    expect(other.headers['cache-control']).to.equal('no-cache');
    expect(other.body).to.include('--origin');
    expect((await ask('/assets/../package.json')).status).to.equal(404);
    expect((await ask('/assets/none.js')).status).to.equal(404);
  });

  it('is the store’s public API, of which it passes on nothing that changes something', async () => {
    expect((await ask('/api/incidents?x=1')).body).to.equal('store /api/incidents?x=1');
    const headers = { 'x-faultline-token': token };
    expect((await ask('/api/changes', { method: 'POST', headers })).status).to.equal(404);
    expect((await ask('/api/transform', { method: 'POST', headers })).status).to.equal(200);
  });

  it('asks Prometheus what only reads', async () => {
    const { status, body, headers } = await ask('/prometheus/api/v1/query?query=up', {
      headers: { cookie: 'secret=1' },
    });
    expect(status).to.equal(200);
    expect(JSON.parse(body)).to.deep.equal({ answered: '/base/api/v1/query?query=up' });
    expect(headers).not.to.have.property('set-cookie');
    expect(seen.at(-1)?.headers).not.to.have.property('cookie');
    for (const path of ['/-/quit', '/api/v1/admin/tsdb/delete_series', '/graph']) {
      expect((await ask(`/prometheus${path}`)).status).to.equal(404);
    }
  });

  it('lets the engine do what is asked with the token, and shows its reason when it refuses', async () => {
    const { status, body } = await act('fault-add');
    expect([status, JSON.parse(body)]).to.deep.equal([200, { answered: '/fault-add' }]);
    expect(seen.at(-1)).to.include({ method: 'POST', body: '{"kind":"error"}' });
    expect(seen.at(-1)?.headers).not.to.have.property('x-faultline-token');
  });

  it('lets the engine do nothing without the token, or with a wrong one', async () => {
    const before = seen.length;
    for (const wrong of ['', 'x', token.slice(1), token.toUpperCase()]) {
      expect((await act('fault-add', { 'x-faultline-token': wrong })).status).to.equal(401);
    }
    expect((await ask('/engine/fault-add', { method: 'POST' })).status).to.equal(401);
    expect(seen.length).to.equal(before);
  });

  it('lets no page of another site read or act, whatever it knows', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${port + 1}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      expect((await act('fault-add', headers)).status).to.equal(403);
      expect((await ask('/api/incidents', { headers })).status).to.equal(403);
      expect((await ask('/prometheus/api/v1/query?query=up', { headers })).status).to.equal(403);
    }
    const own = { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' };
    expect((await act('fault-add', own)).status).to.equal(200);
    expect((await ask('/', { headers: { 'sec-fetch-site': 'cross-site' } })).status).to.equal(200);
  });

  it('is not there for a name that is not its own', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8081']) {
      expect((await ask('/', { headers: { host } })).status).to.equal(421);
      expect((await act('fault-add', { host })).status).to.equal(421);
    }
    for (const host of ['localhost:8081', '127.0.0.1', '[::1]:8081', 'Console.Example:80']) {
      expect((await ask('/', { headers: { host } })).status).to.equal(200);
    }
  });

  it('passes on no call that would stop the system, nor one it does not know', async () => {
    for (const call of ['stop', 'unknown', '', '../status', 'status/..']) {
      expect((await act(call)).status).to.equal(404);
    }
    expect((await ask('/engine/status')).status).to.equal(404);
  });

  it('says so where there is no engine and are no metrics', async () => {
    const headers = { 'x-faultline-token': token };
    const engine = await ask('/engine/status', { method: 'POST', headers, body: '{}' }, bare);
    expect(engine.status).to.equal(501);
    expect(JSON.parse(engine.body).detail).to.include('no local engine');
    expect((await ask('/prometheus/api/v1/query?query=up', {}, bare)).status).to.equal(501);
  });

  it('takes no more of a body than a call can need', async () => {
    const headers = { 'x-faultline-token': token };
    const body = 'x'.repeat(300 * 1_024);
    const { status } = await ask('/engine/deploy', { method: 'POST', headers, body });
    expect(status).to.equal(502);
  });

  it('takes no other method for a page', async () => {
    const headers = { 'x-faultline-token': token };
    expect((await ask('/', { method: 'PUT', headers })).status).to.equal(405);
    expect((await ask('/', { method: 'HEAD' })).body).to.equal('');
  });
});
