import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import { type Fixture, startGateway } from './fixture.ts';
import { sendRaw } from './raw-http.ts';
import { json } from './stub-service.ts';

describe('forwarding', () => {
  let fixture: Fixture;
  let authorization: string;
  before(async () => {
    fixture = await startGateway();
    authorization = `Bearer ${await fixture.mint.customer()}`;
  });
  after(() => fixture.stop());
  beforeEach(() => fixture.reset());

  function start(method: string, path: string, headers: Record<string, string> = {}) {
    return request(`${fixture.url}${path}`, { method, headers: { authorization, ...headers } });
  }

  it('takes status, headers, cookies and body over', async () => {
    fixture.stubs.catalog.reply = (_req, res) => {
      res.writeHead(202, 'Whatever', {
        ETag: '"x"',
        'Set-Cookie': ['a=1', 'b=2'],
        'X-Service-Version': '9',
      });
      res.end('body');
    };
    const reply = await fetch(`${fixture.url}/api/v1/categories`);
    expect(reply.status).to.equal(202);
    expect(reply.headers.get('etag')).to.equal('"x"');
    expect(reply.headers.get('x-service-version')).to.equal('9');
    expect(reply.headers.get('content-type')).to.equal(null);
    expect(reply.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(await reply.text()).to.equal('body');
  });

  it('passes replies without a body on, and keeps the connection', async () => {
    for (const status of [204, 304]) {
      fixture.stubs.catalog.reply = (_req, res) => res.writeHead(status, { ETag: '"x"' }).end();
      const reply = await fetch(`${fixture.url}/api/v1/categories`);
      expect(reply.status).to.equal(status);
      expect(reply.headers.get('etag')).to.equal('"x"');
    }
    fixture.stubs.catalog.reply = (_req, res) =>
      res.writeHead(200, { 'Content-Length': 999 }).end();
    const head = await fetch(`${fixture.url}/api/v1/categories`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).to.equal('999');
    expect(fixture.stubs.catalog.received.map(({ method }) => method)).to.deep.equal([
      'GET',
      'GET',
      'HEAD',
    ]);
  });

  it('hands events over as they come', async () => {
    let say: (event: string) => void = () => undefined;
    fixture.stubs.orders.reply = (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.flushHeaders();
      say = (event) => void res.write(`data: ${event}\n\n`);
    };
    const outgoing = start('GET', '/api/v1/orders/01980000-0000-7000-8000-00000000000a/events');
    outgoing.end();
    // The head is there before the first event.
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]; // As `response` says.
    expect(reply.headers['content-type']).to.equal('text/event-stream');
    for (const event of ['one', 'two']) {
      say(event);
      const [chunk] = await once(reply, 'data');
      expect(String(chunk)).to.equal(`data: ${event}\n\n`);
    }
    outgoing.destroy();
  });

  it('answers itself when it is a mesh proxy that answers instead of the neighbour', async () => {
    for (const [status, own] of [
      [503, 503],
      [502, 504],
    ] as const) {
      fixture.stubs.catalog.reply = (_req, res) =>
        json(res, status, { detail: 'of the proxy' }, { 'l5d-proxy-error': 'no ready instance' });
      const reply = await fetch(`${fixture.url}/api/v1/categories`);
      expect(reply.status).to.equal(own);
      const problem = (await reply.json()) as { trace_id: string }; // A problem document.
      expect(problem).to.include({ dependency: 'catalog', retryable: true });
      expect(problem.trace_id).to.match(/^[0-9a-f]{32}$/);
    }
  });

  it('tells the neighbour when the client has gone', async () => {
    let left = false;
    fixture.stubs.orders.early = (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('data: one\n\n');
      res.once('close', () => (left = true));
    };
    const outgoing = start('GET', '/api/v1/orders/01980000-0000-7000-8000-00000000000a/events');
    outgoing.on('error', () => undefined).end();
    await once(outgoing, 'response');
    outgoing.destroy();
    await eventually(() => expect(left).to.equal(true));
  });

  it('tells it also when the client goes before there is a reply', async () => {
    let [arrived, left] = [false, false];
    fixture.stubs.orders.early = (_req, res) => {
      arrived = true;
      res.once('close', () => (left = true));
    };
    const outgoing = start('GET', '/api/v1/orders');
    outgoing.on('error', () => undefined).end();
    await eventually(() => expect(arrived).to.equal(true));
    outgoing.destroy();
    await eventually(() => expect(left).to.equal(true));
  });

  it('streams an upload at the pace of the neighbour, whole and unchanged', async () => {
    const size = 9 * 1024 * 1024;
    const chunk = Buffer.alloc(64 * 1024, 7);
    let firstByteBeforeLast = false;
    let sentAll = false;
    let received = 0;
    fixture.stubs.images.early = (req, res) => {
      req.on('data', (data: Buffer) => {
        received += data.length;
        firstByteBeforeLast ||= !sentAll;
      });
      req.on('end', () => json(res, 202, { received }));
    };
    const outgoing = start('POST', '/api/v1/images', { 'content-type': 'image/png' });
    for (let sent = 0; sent < size; sent += chunk.length) {
      if (!outgoing.write(chunk)) await once(outgoing, 'drain');
    }
    await eventually(() => expect(received).to.be.greaterThan(0));
    sentAll = true;
    outgoing.end();
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]; // As above.
    reply.resume();
    expect(reply.statusCode).to.equal(202);
    expect(received).to.equal(size);
    expect(firstByteBeforeLast).to.equal(true);
  });

  it('stops an upload of unknown length at the limit', async () => {
    const outgoing = start('POST', '/api/v1/sessions', { 'content-type': 'application/json' });
    outgoing.on('error', () => undefined);
    let left = false;
    fixture.stubs.profiles.early = (req) => {
      req.on('error', () => undefined).once('close', () => (left = !req.complete));
      req.once('data', () => outgoing.write('x'.repeat(40 * 1024)));
    };
    outgoing.write('x'.repeat(40 * 1024));
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]; // As above.
    expect(reply.statusCode).to.equal(413);
    await eventually(() => expect(left).to.equal(true));
    reply.resume();
    outgoing.end();
    await once(reply, 'end');
  });

  it('refuses a body that says it is too long, of the wrong kind or missing, unread', async () => {
    const token = authorization;
    const upload = (fields: string[], body = '') =>
      sendRaw(
        fixture.url,
        [
          `POST /api/v1/images HTTP/1.1`,
          'Host: localhost',
          `Authorization: ${token}`,
          ...fields,
          '',
          body,
        ].join('\r\n'),
      );
    const cases: [number, string[], string?][] = [
      [413, ['Content-Type: image/png', 'Content-Length: 10485761', 'Expect: 100-continue']],
      [415, ['Content-Type: image/svg+xml', 'Content-Length: 3', 'Expect: 100-continue']],
      [415, ['Content-Length: 3'], 'abc'],
      [400, ['Content-Type: image/png', 'Content-Length: 0']],
    ];
    for (const [status, fields, body] of cases) {
      const reply = await upload(fields, body);
      expect(reply.status).to.equal(status);
      // Nobody knows whether a body that was announced but not asked for will still come.
      expect(reply.closed).to.equal(fields.includes('Expect: 100-continue'));
    }
    for (const type of [
      'text/plain',
      'application/json; charset=utf-7',
      'application/x-www-form-urlencoded',
    ]) {
      const head = ['POST /api/v1/sessions HTTP/1.1', 'Host: localhost', `Content-Type: ${type}`];
      const reply = await sendRaw(
        fixture.url,
        [...head, 'Content-Length: 2', '', '{}'].join('\r\n'),
      );
      expect(reply.status).to.equal(415);
    }
    expect(fixture.forwarded()).to.deep.equal([]);
  });

  it('asks for an expected body once it is wanted', async () => {
    const outgoing = start('POST', '/api/v1/images', {
      'content-type': 'image/png',
      'content-length': '3',
      expect: '100-continue',
    });
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.end('abc');
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]; // As above.
    reply.resume();
    expect(reply.statusCode).to.equal(200);
    expect(fixture.stubs.images.received[0]).to.include({ body: 'abc' });
    expect(fixture.stubs.images.received[0]?.headers).not.to.have.property('expect');
  });

  it('passes on a refusal that comes before the body was read', async () => {
    fixture.stubs.images.early = (req, res) => {
      json(res, 503, { early: true });
      req.resume();
    };
    const outgoing = start('POST', '/api/v1/images', { 'content-type': 'image/png' });
    outgoing.write(Buffer.alloc(1_000_000));
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]; // As above.
    expect(reply.statusCode).to.equal(503);
    outgoing.end(Buffer.alloc(1_000_000));
    reply.resume();
    await once(reply, 'end');
  });

  it('answers who sends too much, however much he goes on sending', async () => {
    const oversized = Buffer.alloc(11 * 1024 * 1024);
    const { status } = await fetch(`${fixture.url}/api/v1/images`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'image/png' },
      body: oversized,
    });
    expect(status).to.equal(413);
    expect(fixture.forwarded()).to.deep.equal([]);
  });

  it('breaks the reply off when the neighbour does, rather than ending it well', async () => {
    fixture.stubs.catalog.reply = (_req, res) => {
      res.writeHead(200, { 'Content-Length': 1_000 });
      res.write('half');
      void systemClock.sleep(20).then(() => res.destroy());
    };
    const broken = await fetch(`${fixture.url}/api/v1/categories`).then((reply) =>
      reply.text().then(
        () => false,
        () => true,
      ),
    );
    expect(broken).to.equal(true);
  });

  it('names the neighbour that is not there, also to who sent a body', async () => {
    const other = await startGateway();
    try {
      const token = `Bearer ${await other.mint.customer()}`;
      await fetch(`${other.url}/api/v1/me`, { headers: { authorization: token } });
      await other.stubs.orders.stop();
      await other.stubs.images.stop();
      const list = await fetch(`${other.url}/api/v1/orders`, { headers: { authorization: token } });
      const upload = await fetch(`${other.url}/api/v1/images`, {
        method: 'POST',
        headers: { authorization: token, 'content-type': 'image/png' },
        body: Buffer.alloc(3_000_000),
      });
      for (const [reply, dependency] of [
        [list, 'orders'],
        [upload, 'images'],
      ] as const) {
        expect(reply.status).to.equal(503);
        expect(reply.headers.get('retry-after')).to.equal('1');
        expect(await reply.json()).to.include({ dependency, retryable: true });
      }
    } finally {
      await other.stop();
    }
  });

  it('says 504 when the connection breaks without a reply: the outcome is unknown', async () => {
    fixture.stubs.orders.early = (req) => req.socket.destroy();
    const reply = await fetch(`${fixture.url}/api/v1/orders`, { headers: { authorization } });
    expect(reply.status).to.equal(504);
    expect(await reply.json()).to.include({ dependency: 'orders' });
  });
});
