import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { createApp } from './app.ts';
import { systemClock } from './clock.ts';
import { createForwarder } from './forward.ts';
import { createMetrics } from './metrics.ts';
import { serve, type TestServer } from './testing/app.ts';
import { eventually } from './testing/eventually.ts';
import { silentLog } from './testing/log.ts';

async function start(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { server, url: `http://127.0.0.1:${port}` };
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a forwarder', () => {
  const metrics = createMetrics();
  const servers: Server[] = [];
  let upstream: RequestListener;
  let upstreamUrl: string;
  let front: TestServer;

  /** A front that forwards everything to `baseUrl`, below `/there`. */
  async function frontOf(baseUrl: string, proxyEnv: Record<string, string> = {}) {
    const { app, router } = createApp({
      name: 'front',
      version: '1',
      requestTimeoutMs: 5_000,
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics().http,
      draining: () => false,
    });
    const options = {
      name: 'back',
      baseUrl,
      clock: systemClock,
      metrics: metrics.client,
      proxyEnv,
    };
    const forwarder = createForwarder(options);
    router.all('/{*rest}', (ctx) =>
      forwarder.forward(ctx, {
        path: `/there${ctx.url}`,
        headers: { 'content-type': ctx.get('content-type'), 'x-only': 'this' },
        timeoutMs: 250,
        bodyLimitBytes: 1_000_000,
      }),
    );
    return serve(app);
  }

  before(async () => {
    const { server, url } = await start((req, res) => upstream(req, res));
    servers.push(server);
    upstreamUrl = url;
    front = await frontOf(url);
  });
  after(async () => {
    await front.close();
    for (const server of servers) server.close().closeAllConnections();
  });

  it('passes on method, path, query and body, and of the headers just those it is given', async () => {
    let seen: { method?: string; url?: string; headers: object; body: string } | undefined;
    upstream = async (req, res) => {
      const { method = '', url = '', headers } = req;
      seen = { method, url, headers, body: await bodyOf(req) };
      res.writeHead(201).end('made');
    };
    const reply = await fetch(`${front.url}/a/b%2Fc?d=e`, {
      method: 'PUT',
      headers: { 'content-type': 'text/x-own', cookie: 'a=b', 'x-principal-role': 'admin' },
      body: 'some text',
    });
    expect([reply.status, await reply.text()]).to.deep.equal([201, 'made']);
    expect(seen).to.include({ method: 'PUT', url: '/there/a/b%2Fc?d=e', body: 'some text' });
    expect(seen?.headers).to.include({ 'content-type': 'text/x-own', 'x-only': 'this' });
    expect(seen?.headers).to.have.property('host', new URL(upstreamUrl).host);
    expect(seen?.headers).not.to.have.any.keys('cookie', 'x-principal-role');
  });

  it('answers with the reply, whatever it is, but for what belongs to one connection', async () => {
    upstream = (_, res) => {
      res.writeHead(503, [
        ...['Content-Type', 'application/x-own', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
        ...['Connection', 'x-hop', 'X-Hop', 'secret', 'Keep-Alive', 'timeout=9', 'X-End', 'yes'],
      ]);
      res.end('not now');
    };
    const reply = await fetch(front.url);
    expect([reply.status, await reply.text()]).to.deep.equal([503, 'not now']);
    expect(reply.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(reply.headers.get('content-type')).to.equal('application/x-own');
    expect(reply.headers.get('x-end')).to.equal('yes');
    expect(reply.headers.get('x-hop')).to.equal(null);
    expect(reply.headers.get('keep-alive')).not.to.equal('timeout=9');
  });

  it('adds no body where there is none', async () => {
    upstream = (req, res) => {
      if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': '7' }).end();
      else res.writeHead(204).end();
    };
    const head = await fetch(front.url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).to.deep.equal([200, '7']);
    const none = await fetch(front.url);
    expect([none.status, none.headers.get('content-type')]).to.deep.equal([204, null]);
  });

  it('streams the reply: its beginning is there before its end', async () => {
    let finish = () => undefined as unknown;
    upstream = (_, res) => {
      res.write('first');
      finish = () => res.end(' last');
    };
    const reply = await fetch(front.url);
    const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).to.equal('first');
    finish();
    expect((await reader?.read())?.value).to.equal(' last');
  });

  it('carries a body that is larger than any buffer', async () => {
    upstream = async (req, res) => res.end(String((await bodyOf(req)).length));
    const reply = await fetch(front.url, { method: 'POST', body: 'x'.repeat(900_000) });
    expect(await reply.text()).to.equal('900000');
  });

  it('refuses a body beyond its limit', async () => {
    upstream = async (req, res) => res.end(await bodyOf(req).catch(() => 'broken'));
    const reply = await fetch(front.url, { method: 'POST', body: 'x'.repeat(1_000_001) });
    expect(reply.status).to.equal(413);
    expect(await reply.json()).to.include({ type: 'urn:problem:payload_too_large' });
  });

  it('says that nothing happened when nobody listens', async () => {
    const { server, url } = await start(() => undefined);
    server.close();
    await once(server, 'close');
    const deaf = await frontOf(url);
    const reply = await fetch(deaf.url);
    expect(reply.status).to.equal(503);
    expect(await reply.json()).to.include({ dependency: 'back', retryable: true });
    await deaf.close();
  });

  it('says that it does not know when no reply comes in time', async () => {
    upstream = () => undefined;
    const startedMs = systemClock.monotonic();
    expect((await fetch(front.url)).status).to.equal(504);
    expect(systemClock.monotonic() - startedMs).to.be.within(200, 3_000);
  });

  it('blames the caller, not the upstream, for a body that does not come', async () => {
    upstream = async (req, res) => void res.end(await bodyOf(req).catch(() => ''));
    const socket = connect(Number(new URL(front.url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: front\r\nContent-Length: 9\r\n\r\nhalf');
    const [chunk]: Buffer[] = await once(socket, 'data');
    expect(String(chunk)).to.match(/^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/);
    socket.destroy();
  });

  it('says that it does not know when the connection breaks before a reply', async () => {
    upstream = (req) => req.socket.destroy();
    const reply = await fetch(front.url, { method: 'POST', body: 'buy' });
    expect(reply.status).to.equal(504);
  });

  it('does not pass off half a reply as a whole one', async () => {
    upstream = (_, res) => {
      res.writeHead(200, { 'Content-Length': '100' }).write('half');
      setImmediate(() => res.destroy());
    };
    const outcome = await fetch(front.url)
      .then((reply) => reply.text())
      .catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(Error);
  });

  it('lets go of the upstream when the caller has gone', async () => {
    let gone = false;
    let arrived = false;
    upstream = (_, res) => {
      arrived = true;
      res.once('close', () => (gone = true));
    };
    const { hostname, port } = new URL(front.url);
    const caller = connect(Number(port), hostname);
    caller.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => expect(arrived).to.equal(true));
    caller.destroy();
    await eventually(() => expect(gone).to.equal(true));
  });

  it('goes through the proxy that its environment names', async () => {
    let asked: string | undefined;
    const proxy = await start((req, res) => {
      asked = req.url;
      res.end('by proxy');
    });
    servers.push(proxy.server);
    const proxied = await frontOf('http://inventory', { HTTP_PROXY: proxy.url });
    expect(await (await fetch(`${proxied.url}/x`)).text()).to.equal('by proxy');
    expect(asked).to.equal('http://inventory/there/x');
    await proxied.close();
  });

  it('counts what became of each request', async () => {
    const text = await metrics.registry.metrics();
    for (const outcome of ['2xx', '5xx', 'error']) {
      expect(text).to.include(`_count{peer="back",method="GET",status_class="${outcome}"}`);
    }
  });
});
