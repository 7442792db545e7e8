import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Address } from '../src/net/address.ts';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { until } from './support/poll.ts';
import { endpoint, service } from './support/snapshots.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('exchanges as they stream', () => {
  let mesh: TestMesh;
  let client: TestProxy;
  let server: TestProxy;
  let answer: Answer;
  let app: Awaited<ReturnType<TestMesh['app']>>['server'];

  before(async () => {
    mesh = await TestMesh.start();
    const started = await mesh.app((incoming, response) => answer(incoming, response));
    app = started.server;
    server = await mesh.proxy('b', { app: { path: started.path } });
    client = await mesh.proxy('client');
    await mesh.apply(client, {
      services: [service()],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
    });
  });

  after(() => mesh.stop());

  function open(options: { method?: string; headers?: Record<string, string> } = {}) {
    return request({
      ...socketOf(client.outbound),
      path: 'http://b/',
      headers: { host: 'b' },
      ...options,
    });
  }

  function socketOf(address: Address): { socketPath?: string } {
    return 'path' in address ? { socketPath: address.path } : {};
  }

  it('passes large bodies both ways unchanged', async () => {
    answer = (incoming, response) => void incoming.pipe(response);
    const body = Buffer.alloc(12_000_000);
    for (let at = 0; at < body.length; at += 4) body.writeUInt32LE(at, at);
    const { status, body: echoed } = await mesh.ask(client, 'http://b/', { method: 'POST', body });
    expect(status).to.equal(200);
    const hash = (data: Buffer) => createHash('sha256').update(data).digest('hex');
    expect(hash(Buffer.from(echoed, 'latin1'))).to.equal(hash(body));
  });

  it('holds back a server whose client does not read', async () => {
    let written = 0;
    let stopped = false;
    answer = (_incoming, response) => {
      const write = (): void => {
        while (!stopped && written < 200_000_000) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) {
            response.once('drain', write);
            return;
          }
        }
      };
      write();
    };
    const outgoing = open();
    outgoing.end();
    const incoming = await new Promise<IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    );
    let before = -1;
    await until(() => {
      const still = written === before;
      before = written;
      return still;
    });
    expect(written).to.be.below(20_000_000);
    stopped = true;
    incoming.destroy();
    outgoing.on('error', () => undefined);
  });

  it('delivers events at once', async () => {
    let next = (): void => undefined;
    answer = (_incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      next = () => void response.write('data: x\n\n');
      response.on('close', () => (next = () => undefined));
    };
    const outgoing = open();
    outgoing.end();
    const incoming = await new Promise<IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    );
    for (let event = 0; event < 3; event++) {
      const arrived = new Promise<string>((resolve) =>
        incoming.once('data', (data) => resolve(String(data))),
      );
      next();
      expect(await arrived).to.equal('data: x\n\n');
    }
    outgoing.on('error', () => undefined);
    outgoing.destroy();
  });

  it('tells the app when its client has gone', async () => {
    let gone = false;
    let asked = false;
    answer = (_incoming, response) => {
      asked = true;
      response.on('close', () => (gone = true));
    };
    const outgoing = open();
    outgoing.on('error', () => undefined);
    outgoing.end();
    await until(() => asked);
    outgoing.destroy();
    await until(() => gone);
  });

  it('breaks off a reply that its server breaks off', async () => {
    answer = (_incoming, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    const error = await mesh.ask(client, 'http://b/').catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'ECONNRESET');
  });

  it('passes on 100 Continue, and sends no body before it', async () => {
    let asked = false;
    app.once('checkContinue', (incoming, response) => {
      asked = true;
      response.writeContinue();
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += String(chunk)));
      incoming.on('end', () => response.end(body));
    });
    const outgoing = open({
      method: 'POST',
      headers: { host: 'b', expect: '100-continue', 'content-length': '4' },
    });
    outgoing.flushHeaders();
    await new Promise<void>((resolve) => outgoing.once('continue', resolve));
    expect(asked).to.equal(true);
    outgoing.end('body');
    const incoming = await new Promise<IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    );
    expect(String((await incoming.toArray())[0])).to.equal('body');
  });

  it('passes on trailers', async () => {
    answer = (_incoming, response) => {
      response.setHeader('trailer', 'x-sum');
      response.write('body');
      response.addTrailers({ 'x-sum': '4' });
      response.end();
    };
    const { body, trailers } = await mesh.ask(client, 'http://b/');
    expect([body, trailers['x-sum']]).to.deep.equal(['body', '4']);
  });

  it('has no body where HTTP has none: HEAD, 204, 304', async () => {
    answer = (incoming, response) => {
      response.statusCode = Number(incoming.headers['x-status']);
      response.setHeader('etag', '"1"');
      if (incoming.method === 'HEAD') response.setHeader('content-length', '1234');
      response.end();
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const of = (method: string, status: string) =>
      mesh.ask(client, 'http://b/', { method, headers: { 'x-status': status }, agent });
    expect((await of('HEAD', '200')).headers['content-length']).to.equal('1234');
    expect((await of('GET', '204')).headers).not.to.have.property('transfer-encoding');
    expect((await of('GET', '304')).headers.etag).to.equal('"1"');
    expect((await of('GET', '200')).status).to.equal(200);
    agent.destroy();
  });

  it('becomes a tunnel when both sides upgrade', async () => {
    app.once('upgrade', (_incoming, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello',
      );
      socket.on('data', (chunk: Buffer) => socket.write(`echo ${String(chunk)}`));
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end());
    });
    let got = '';
    const socket = connect(client.outbound, () => {
      socket.write(
        'GET http://b/ HTTP/1.1\r\nhost: b\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      );
    });
    socket.on('data', (chunk) => (got += String(chunk)));
    await until(() => got.endsWith('hello'));
    expect(got)
      .to.match(/^HTTP\/1\.1 101 /)
      .and.contain('upgrade: websocket');
    socket.write('ping');
    await until(() => got.endsWith('echo ping'));
    socket.end();
  });

  it('answers as usual when the server does not upgrade', async () => {
    answer = (_incoming, response) => response.end('plain');
    const { status, body } = await mesh.ask(client, 'http://b/', {
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    });
    expect([status, body]).to.deep.equal([200, 'plain']);
  });

  it('uses one connection for many requests, and loses none when the server closes it', async () => {
    let served = 0;
    const ports = new Set<unknown>();
    answer = (incoming, response) => {
      served++;
      ports.add(incoming.socket);
      if (served % 5 === 0) response.setHeader('connection', 'close');
      response.end('x');
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 20; index++) {
      expect((await mesh.ask(client, 'http://b/', { agent })).status).to.equal(200);
    }
    expect(ports.size).to.be.within(4, 6);
    agent.destroy();
  });

  it('passes on a reply that comes before the end of the request', async () => {
    answer = (incoming, response) => {
      response.statusCode = 413;
      response.end();
      incoming.resume();
    };
    const outgoing = open({
      method: 'POST',
      headers: { host: 'b', 'transfer-encoding': 'chunked' },
    });
    outgoing.on('error', () => undefined);
    outgoing.write('x');
    const incoming = await new Promise<IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    );
    expect(incoming.statusCode).to.equal(413);
    outgoing.destroy();
  });
});
