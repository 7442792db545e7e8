import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { eventually } from '../../test/eventually.ts';
import { Endpoints } from './endpoints.ts';
import { forwarderFactory } from './forwarder.ts';

/** An app behind a forwarder, and calls through it. */
class Scene implements AsyncDisposable {
  readonly endpoints = new Endpoints(
    [
      {
        name: 'echo',
        selector: { app: 'echo' },
        ports: [{ name: 'http', port: 80, target: 'http' }],
        localPort: undefined,
        links: {},
        notes: [],
      },
    ],
    systemClock,
  );
  readonly #closers: (() => unknown)[] = [];
  port = 0;

  static async open(app: RequestListener): Promise<Scene> {
    const scene = new Scene();
    const server = createServer(app);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A listening TCP server's address is never a string.
    const { port } = server.address() as AddressInfo;
    const address = { host: '127.0.0.1', port };
    const ports = [{ name: 'http', containerPort: 8080, address }];
    scene.endpoints.add({ instance: 'echo-1', labels: { app: 'echo' }, ports });
    const sidecar = await forwarderFactory(scene.endpoints)({ name: 'x', service: 'x' });
    scene.port = Number(new URL(sidecar.outboundUrl).port);
    scene.#closers.push(
      () => sidecar.stop(),
      () => server.closeAllConnections(),
      () => server.close(),
    );
    return scene;
  }

  call(
    url: string,
    options: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<{ reply: IncomingMessage; body: string }> {
    const { method = 'GET', headers = {}, body } = options;
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port: this.port, path: url, agent: false };
      const call = request({ ...to, method, headers: { host: 'echo', ...headers } }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => resolve({ reply, body: Buffer.concat(chunks).toString() }));
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

const reflect: RequestListener = (req, res) => {
  let bytes = 0;
  req.on('data', (chunk: Buffer) => (bytes += chunk.length));
  req.on('end', () => {
    res.setHeader('set-cookie', ['a=1', 'b=2']);
    res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, bytes }));
  });
};

describe('forwarder', () => {
  it('passes method, path and headers on untouched', async () => {
    await using scene = await Scene.open(reflect);
    const { reply, body } = await scene.call('http://echo/a/../%2e/b?x=1&y=%20', {
      method: 'DELETE',
      headers: { 'x-mixed': 'Case', connection: 'keep-alive, x-hop', 'x-hop': '1' },
    });
    const seen = JSON.parse(body);
    expect(seen).to.include({ method: 'DELETE', url: '/a/../%2e/b?x=1&y=%20' });
    expect(seen.headers).to.include({ host: 'echo', 'x-mixed': 'Case' });
    expect(seen.headers).not.to.have.property('x-hop');
    expect(reply.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
  });

  it('passes on bodies of any size, with and without a length', async () => {
    await using scene = await Scene.open(reflect);
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    for (const headers of [
      { 'content-length': String(body.length) },
      { 'transfer-encoding': 'chunked' },
    ]) {
      for (const method of ['POST', 'DELETE']) {
        const answer = await scene.call('http://echo/', { method, headers, body });
        expect(JSON.parse(answer.body), method).to.include({ bytes: body.length });
      }
    }
  });

  it('keeps replies without a body as they are', async () => {
    await using scene = await Scene.open((req, res) => {
      if (req.method === 'HEAD') res.setHeader('content-length', 42);
      else res.statusCode = 304;
      res.end();
    });
    const head = await scene.call('http://echo/', { method: 'HEAD' });
    expect(head.reply.headers['content-length']).to.equal('42');
    expect((await scene.call('http://echo/')).reply.statusCode).to.equal(304);
  });

  it('answers Expect: 100-continue as the app does', async () => {
    await using scene = await Scene.open(reflect);
    const socket = connect(scene.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write(
      'POST http://echo/ HTTP/1.1\r\nhost: echo\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n',
    );
    await eventually('the go-ahead', () => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write('hi');
    await eventually('the reply', () => text.includes('"bytes":2'));
    socket.destroy();
  });

  it('lets events through as they come, and tells the app when the reader leaves', async () => {
    let closed = false;
    await using scene = await Scene.open((_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
      res.write('data: 1\n\n');
      res.on('close', () => (closed = true));
    });
    const call = request({ host: '127.0.0.1', port: scene.port, path: 'http://echo/' });
    call.on('error', () => undefined);
    call.end();
    // 'response' is emitted with the message and nothing else.
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    const [chunk] = await once(reply, 'data');
    expect(String(chunk)).to.equal('data: 1\n\n');
    expect(closed).to.equal(false);
    reply.on('error', () => undefined);
    call.destroy();
    await eventually('the app to notice', () => closed);
  });

  it('breaks off a reply that the app breaks off', async () => {
    await using scene = await Scene.open((_, res) => {
      res.writeHead(200, { 'content-length': 100 });
      res.write('half');
      setImmediate(() => res.destroy());
    });
    const error = await scene.call('http://echo/').catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(Error);
  });

  it('names a Service that does not exist', async () => {
    await using scene = await Scene.open(reflect);
    const { reply, body } = await scene.call('http://nobody/');
    expect(reply.statusCode).to.equal(502);
    expect(reply.headers['content-type']).to.equal('application/problem+json');
    expect(JSON.parse(body).detail).to.include("no Service 'nobody'; there are: echo");
    expect(reply.headers['l5d-proxy-error']).to.include('nobody');
  });

  it('refuses what is no proxy request', async () => {
    await using scene = await Scene.open(reflect);
    expect((await scene.call('/direct')).reply.statusCode).to.equal(400);
  });

  it('waits for an instance, and answers 503 when none comes in a second', async () => {
    await using scene = await Scene.open(reflect);
    scene.endpoints.remove('echo-1');
    const { reply, body } = await scene.call('http://echo/');
    expect(reply.statusCode).to.equal(503);
    expect(JSON.parse(body).detail).to.equal("Service 'echo' has no ready instance");
  });

  it('answers 502 when the instance does not listen', async () => {
    await using scene = await Scene.open(reflect);
    const address = { path: '/nowhere/to/be/found.sock' };
    const ports = [{ name: 'http', containerPort: 8080, address }];
    scene.endpoints.remove('echo-1');
    scene.endpoints.add({ instance: 'echo-2', labels: { app: 'echo' }, ports });
    const { reply, body } = await scene.call('http://echo/');
    expect(reply.statusCode).to.equal(502);
    expect(JSON.parse(body).detail).to.equal("calling Service 'echo' failed: ENOENT");
  });

  it('opens tunnels, as fetch asks for', async () => {
    await using scene = await Scene.open(reflect);
    const socket = connect(scene.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write('CONNECT echo:80 HTTP/1.1\r\nhost: echo:80\r\n\r\n');
    await eventually('the tunnel', () => text.startsWith('HTTP/1.1 200 '));
    socket.write('GET /inside HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n\r\n');
    await eventually('the reply', () => text.includes('"url":"/inside"'));
    socket.destroy();
  });
});
