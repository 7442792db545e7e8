import { expect } from 'chai';
import axios from 'axios';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { createApp } from './app.ts';
import { systemClock } from './clock.ts';
import { type Endpoint, mount } from './endpoint.ts';
import { ProblemError } from './errors.ts';
import { createMetrics } from './metrics.ts';
import { asPrincipal, serve, type TestServer } from './testing/app.ts';
import { silentLog } from './testing/log.ts';

const thing = z.object({ id: z.string(), n: z.number() });

const getThing = {
  id: 'getThing',
  method: 'GET',
  path: '/things/:id',
  summary: 'A thing.',
  access: 'anyone',
  params: z.strictObject({ id: z.string() }),
  query: z.strictObject({ n: z.coerce.number().int().default(1) }),
  replies: { 200: thing },
} as const satisfies Endpoint;

const postThing = {
  id: 'postThing',
  method: 'POST',
  path: '/things',
  summary: 'Make a thing.',
  access: 'principal',
  body: z.strictObject({ n: z.number() }),
  bodyLimitBytes: 1_000,
  replies: { 201: thing },
} as const satisfies Endpoint;

const refuseThing = {
  ...getThing,
  path: '/refused/:id',
  replies: { 200: thing, 409: z.object({ status: z.literal(409), detail: z.string() }) },
} as const satisfies Endpoint;

const failThing = { ...getThing, path: '/fail/:id' } as const;
const slowThing = { ...getThing, path: '/slow/:id' } as const;
const adminThing = { ...getThing, path: '/admin/:id', access: 'admin' } as const;

describe('an app of the chassis', () => {
  const metrics = createMetrics();
  let draining = false;
  let server: TestServer;

  before(async () => {
    const { app, router } = createApp({
      name: 'test',
      version: '1.2.3',
      requestTimeoutMs: 300,
      clock: systemClock,
      log: silentLog,
      metrics: metrics.http,
      draining: () => draining,
    });
    mount(router, getThing, async ({ params, query }) => ({
      status: 200,
      body: { ...params, ...query },
    }));
    mount(router, adminThing, async ({ params, query }) => ({
      status: 200,
      body: { ...params, ...query },
    }));
    mount(router, postThing, async ({ body }) => ({ status: 201, body: { id: 'new', ...body } }));
    mount(router, failThing, async ({ params }) => {
      if (params.id === 'known') throw new ProblemError('conflict', 'taken', { reason: 'taken' });
      throw new Error('secret internals');
    });
    mount(router, refuseThing, async () => ({
      status: 409,
      body: { status: 409, detail: 'taken' },
    }));
    mount(router, slowThing, async ({ call }) => {
      await systemClock.sleep(10_000, call.signal);
      call.signal.throwIfAborted();
      return { status: 200, body: { id: '', n: 0 } };
    });
    server = await serve(app);
  });
  after(() => server.close());

  const http = axios.create({
    validateStatus: () => true,
    transformRequest: (data: unknown) => data,
  });
  const get = (path: string, headers = {}) => http.get(server.url + path, { headers });
  const post = (data: string | Buffer, headers = {}) =>
    http.post(`${server.url}/things`, data, {
      headers: { 'Content-Type': 'application/json', ...asPrincipal('p1'), ...headers },
    });

  it('parses input by the schemas and says which version answered', async () => {
    const reply = await get('/things/a?n=3');
    expect(reply.data).to.deep.equal({ id: 'a', n: 3 });
    expect(reply.headers['x-service-version']).to.equal('1.2.3');
  });

  it('points at each field that does not fit', async () => {
    const reply = await get('/things/a?n=x&other=1');
    expect(reply.status).to.equal(400);
    expect(reply.headers['content-type']).to.include('application/problem+json');
    expect(reply.data.errors.map((e: { pointer: string }) => e.pointer)).to.include('/query/n');
  });

  it('refuses a query parameter that schemas do not see', async () => {
    expect((await get('/things/a?__proto__=1')).status).to.equal(400);
  });

  it('answers 404 and 405 with Allow, as problems', async () => {
    expect((await get('/nothing')).status).to.equal(404);
    const reply = await http.delete(`${server.url}/things/a`);
    expect(reply.status).to.equal(405);
    expect(reply.headers['allow']).to.include('GET');
  });

  it('shows the reason of a problem but nothing of an unexpected error', async () => {
    expect((await get('/fail/known')).data).to.include({ status: 409, reason: 'taken' });
    const reply = await get('/fail/unknown');
    expect(reply.status).to.equal(500);
    expect(JSON.stringify(reply.data)).not.to.include('secret');
    expect(reply.data.trace_id).to.match(/^[0-9a-f]{32}$/);
  });

  it('sends refusals that a handler replies with as problems, too', async () => {
    const reply = await get('/refused/a');
    expect([reply.status, reply.data.detail]).to.deep.equal([409, 'taken']);
    expect(reply.headers['content-type']).to.include('application/problem+json');
    expect((await get('/things/a')).headers['content-type']).to.include('application/json');
  });

  it('wants a principal, and the role where one is needed', async () => {
    expect((await post('{"n":1}', { 'x-principal-id': '' })).status).to.equal(401);
    expect((await get('/admin/a', asPrincipal('p1'))).status).to.equal(403);
    expect((await get('/admin/a', asPrincipal('p1', 'admin'))).status).to.equal(200);
  });

  it('gives up at its own time limit', async () => {
    const startedMs = systemClock.monotonic();
    expect((await get('/slow/a')).status).to.equal(504);
    expect(systemClock.monotonic() - startedMs).to.be.lessThan(2_000);
  });

  it('gives up at the deadline its caller passed down', async () => {
    const startedMs = systemClock.monotonic();
    expect((await get('/slow/a', { 'x-request-timeout-ms': '30' })).status).to.equal(504);
    expect(systemClock.monotonic() - startedMs).to.be.lessThan(280);
  });

  const bodies: [what: string, status: number, send: () => ReturnType<typeof post>][] = [
    ['a good body', 201, () => post('{"n":1}')],
    ['a gzip body', 201, () => post(gzipSync('{"n":1}'), { 'Content-Encoding': 'gzip' })],
    ['an unknown field', 400, () => post('{"n":1,"role":"admin"}')],
    ['an empty body', 400, () => post('')],
    ['truncated JSON', 400, () => post('{"n":')],
    ['bytes that are not UTF-8', 400, () => post(Buffer.from([0x22, 0xff, 0x22]))],
    ['a broken gzip body', 400, () => post('{"n":1}', { 'Content-Encoding': 'gzip' })],
    ['too large a body', 413, () => post(`{"n":1${' '.repeat(1_000)}}`)],
    [
      'a gzip body that grows too large',
      413,
      () => post(gzipSync(`{"n":1${' '.repeat(9_999)}}`), { 'Content-Encoding': 'gzip' }),
    ],
    ['another media type', 415, () => post('n=1', { 'Content-Type': 'text/plain' })],
    [
      'another charset',
      415,
      () => post('{"n":1}', { 'Content-Type': 'application/json; charset=utf-7' }),
    ],
    ['an unknown coding', 415, () => post('{"n":1}', { 'Content-Encoding': 'br' })],
  ];
  for (const [what, status, send] of bodies) {
    it(`answers ${status} to ${what}`, async () => {
      expect((await send()).status).to.equal(status);
    });
  }

  it('counts requests by route pattern', async () => {
    await get('/things/zzz');
    const text = await metrics.registry.metrics();
    expect(text).to.match(/http_server_request_duration_seconds_count\{[^}]*route="\/things\/:id"/);
    expect(text).not.to.include('zzz');
  });

  it('asks for the connection to be closed while draining', async () => {
    draining = true;
    try {
      expect((await get('/things/a')).headers['connection']).to.equal('close');
    } finally {
      draining = false;
    }
  });
});
