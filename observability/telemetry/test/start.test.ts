import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stores } from './config.ts';
import { type Fixture, type FixtureOptions, loadedPackages, startFixture } from './fixture.ts';
import { startForwardProxy } from './forward-proxy.ts';
import { type OtlpSink, startOtlpSink, type SunkSpan } from './otlp-sink.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

const FAILED = { code: 2 };

/** The fixture, exporting to `sink` fast enough for a test. */
async function startExporting(sink: OtlpSink, options: FixtureOptions = {}): Promise<Fixture> {
  return await startFixture({
    ...options,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_BSP_SCHEDULE_DELAY: '10',
      SERVICE_NAME: 'fixture',
      SERVICE_VERSION: '1.2.3',
      POD_NAME: 'fixture-0',
      POD_NAMESPACE: 'shop',
      ...options.environment,
    },
  });
}

function serverSpan(sink: OtlpSink, path: string): Promise<SunkSpan> {
  return sink.waitFor(
    `the server span of ${path}`,
    (span) => span.kind === 'server' && span.attributes['url.path'] === path,
  );
}

function clientSpan(sink: OtlpSink): Promise<SunkSpan> {
  return sink.waitFor('a client span', ({ kind }) => kind === 'client');
}

/** A span by the instrumentation of `library`, of any status or the `wanted` one. */
function spanBy(sink: OtlpSink, library: string, wanted: { readonly code?: number } = {}) {
  return sink.waitFor(
    `a span of ${library} with ${JSON.stringify(wanted)}`,
    ({ scope, status }) =>
      scope === `@opentelemetry/instrumentation-${library}` &&
      (wanted.code === undefined || status.code === wanted.code),
  );
}

describe('a preloaded ESM service', () => {
  let sink: OtlpSink;
  let service: Fixture;
  before(async () => {
    sink = await startOtlpSink();
    service = await startExporting(sink, {
      environment: { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=other,region=eu' },
    });
  });
  after(async () => {
    await service?.[Symbol.asyncDispose]();
    await sink?.[Symbol.asyncDispose]();
  });

  it('names server spans by method and route, and continues the caller’s trace', async () => {
    const reply = await service.get('/v1/things/7', { traceparent: TRACEPARENT });
    const span = await serverSpan(sink, '/v1/things/7');
    expect(span).to.include({
      name: 'GET /v1/things/:id',
      traceId: TRACE,
      parentSpanId: 'b7ad6b7169203331',
    });
    expect(span.attributes).to.deep.equal({
      'http.request.method': 'GET',
      'http.route': '/v1/things/:id',
      'http.response.status_code': 200,
      'network.protocol.version': '1.1',
      'url.path': '/v1/things/7',
      'url.scheme': 'http',
    });
    expect(span.status.code).to.equal(0);
    expect(JSON.parse(reply.body)).to.include({ traceId: TRACE });
  });

  it('names server spans by a route that only the service knows', async () => {
    await service.get('/v1/by-hand/7');
    const span = await serverSpan(sink, '/v1/by-hand/7');
    expect(span.name).to.equal('GET /v1/by-hand/:id');
    expect(span.attributes).to.include({ 'http.route': '/v1/by-hand/:id' });
  });

  it('says on every span which service, version, instance and namespace it is from', async () => {
    await service.get('/v1/things/8');
    await serverSpan(sink, '/v1/things/8');
    for (const { resource } of sink.spans) {
      expect(resource).to.include({
        'service.name': 'fixture',
        'service.version': '1.2.3',
        'service.instance.id': 'fixture-0',
        'service.namespace': 'shop',
        region: 'eu',
      });
    }
  });

  for (const [path, status] of [
    ['/v1/unavailable', 503],
    ['/v1/throws', 500],
  ] as const) {
    it(`marks a ${status} as an error of that type`, async () => {
      await service.get(path);
      const span = await serverSpan(sink, path);
      expect(span.status).to.deep.equal({ code: 2, message: String(status) });
      expect(span.attributes['error.type']).to.equal(String(status));
    });
  }

  it('does not take a caller’s mistake for an error of the service', async () => {
    await service.get('/v1/no-such-route');
    const span = await serverSpan(sink, '/v1/no-such-route');
    expect(span).to.deep.include({ name: 'GET', status: { code: 0, message: '' } });
    expect(span.attributes).to.include({ 'http.response.status_code': 404 });
  });

  it('says how a request to a dead neighbour failed', async () => {
    await service.get('/v1/refused');
    const span = await clientSpan(sink);
    expect(span.status).to.deep.equal({ code: 2, message: 'ECONNREFUSED' });
    expect(span.attributes).to.include({ 'error.type': 'ECONNREFUSED', 'server.port': 1 });
  });

  it('is silent about probes and scrapes', async () => {
    for (const path of ['/livez', '/readyz', '/readyz?verbose', '/metrics', '/health/details']) {
      await service.get(path);
    }
    await service.get('/v1/things/9');
    await serverSpan(sink, '/v1/things/9');
    const paths = sink.spans.map((span) => span.attributes['url.path']);
    expect(paths.filter((path) => !String(path ?? '/v1').startsWith('/v1'))).to.deep.equal([]);
  });

  it('keeps query strings, headers, bodies and words of errors to itself', async () => {
    await service.get('/v1/things/10?token=canary-query', {
      'user-agent': 'canary-agent',
      authorization: 'Bearer canary-token',
      cookie: 'session=canary-cookie',
      host: 'canary-host',
      'x-forwarded-for': '203.0.113.9',
      forwarded: 'for=203.0.113.9;host=canary-forwarded',
    });
    await service.post('/v1/cards', '{"card":"4242-canary-card"}');
    await service.get('/v1/throws');
    await serverSpan(sink, '/v1/things/10');
    await serverSpan(sink, '/v1/cards');
    const thrown = await sink.waitFor('the exception', ({ events }) =>
      events.some(({ name }) => name === 'exception'),
    );
    expect(thrown.events[0]?.attributes['exception.stacktrace']).to.contain('fixture-service.ts');
    const sent = Buffer.concat(sink.bodies).toString('latin1');
    expect(sent).not.to.match(/canary|4242|203\.0\.113/);
    expect(sent).to.contain('/v1/things/10');
  });
});

describe('a preloaded service with stores', () => {
  let sink: OtlpSink;
  let service: Fixture;
  before(async function () {
    if (stores.postgresUrl === undefined || stores.redisUrl === undefined) return this.skip();
    sink = await startOtlpSink();
    service = await startExporting(sink, { withStores: true });
  });
  after(async () => {
    await service?.[Symbol.asyncDispose]();
    await sink?.[Symbol.asyncDispose]();
  });

  it('traces a query with its placeholders', async () => {
    expect((await service.get('/v1/pg')).body).to.contain('canary-sql');
    const span = await spanBy(sink, 'pg');
    expect(span.attributes).to.include({
      'db.system.name': 'postgresql',
      'db.query.text': 'SELECT $1::text AS value',
    });
    const server = await serverSpan(sink, '/v1/pg');
    expect(span.traceId).to.equal(server.traceId);
  });

  it('gives a failed query PostgreSQL’s code', async () => {
    await service.get('/v1/pg-fails');
    const span = await spanBy(sink, 'pg', FAILED);
    expect(span.attributes).to.include({ 'error.type': '22P02' });
    expect(span.status.message).to.equal('22P02');
  });

  it('traces commands to Redis by their names alone', async () => {
    expect((await service.get('/v1/redis')).body).to.equal('canary-redis');
    const span = await spanBy(sink, 'ioredis');
    expect(span.name).to.equal('set');
    expect(span.attributes).to.have.all.keys([
      'db.system.name',
      'db.operation.name',
      'server.address',
      'server.port',
    ]);
    await service.get('/v1/redis-fails');
    await spanBy(sink, 'ioredis', FAILED);
  });

  it('keeps values in SQL and Redis to itself', async () => {
    const sent = Buffer.concat(sink.bodies).toString('latin1');
    expect(sent).to.contain('SELECT $1::text AS value');
    expect(sent).not.to.contain('canary');
    expect(sent).not.to.contain('telemetry-fixture');
  });

  it('is silent about work in the background and about connecting', async () => {
    await service.get('/v1/redis');
    expect((await service.get('/v1/background')).body).to.equal('PONG');
    await serverSpan(sink, '/v1/background');
    const names = sink.spans.map(({ name }) => name);
    expect(names).not.to.include('ping');
    expect(names.filter((name) => /connect|hello|client|info/.test(name))).to.deep.equal([]);
    expect(
      sink.spans.filter(({ kind, parentSpanId }) => kind === 'client' && parentSpanId === ''),
    ).to.deep.equal([]);
  });
});

describe('a client span through a forward proxy', () => {
  for (const [how, path, environment] of [
    ['axios reading HTTP_PROXY', '/v1/axios', {}],
    [
      'Node reading HTTP_PROXY, and node:http imported before telemetry',
      '/v1/node-http',
      {
        NODE_USE_ENV_PROXY: '1',
        NODE_OPTIONS: '--import data:text/javascript,import%22node:http%22',
      },
    ],
  ] as const) {
    it(`names the neighbour, not the proxy, with ${how}`, async () => {
      await using sink = await startOtlpSink();
      await using proxy = await startForwardProxy();
      await using service = await startExporting(sink, {
        callUrl: 'http://inventory/v1/stock/7',
        environment: { ...environment, HTTP_PROXY: proxy.url, NO_PROXY: '' },
      });
      const reply = await service.get(path);
      expect(reply.body).to.equal('from the proxy');
      expect(proxy.requests[0]?.target).to.equal('http://inventory/v1/stock/7?token=canary-query');

      const span = await clientSpan(sink);
      expect(span.attributes).to.deep.equal({
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'network.protocol.version': '1.1',
        'server.address': 'inventory',
        'server.port': 80,
        'url.full': 'http://inventory/v1/stock/7',
      });
      expect(proxy.requests[0]?.traceparent).to.contain(`${span.traceId}-${span.spanId}`);
      expect(proxy.requests, 'traces must not travel through the proxy').to.have.length(1);
    });
  }
});

describe('a client span of a request given up', () => {
  it('ends with the deadline and says so', async () => {
    await using sink = await startOtlpSink();
    await using hole = await startBlackHole();
    await using service = await startExporting(sink, { callUrl: `${hole.url}/v1/stock` });
    expect((await service.get('/v1/deadline')).status).to.equal(500);
    const span = await clientSpan(sink);
    expect(span.status.code).to.equal(2);
    expect(span.attributes).to.include({ 'url.full': `${hole.url}/v1/stock` });
    expect(span.attributes['error.type']).to.equal('CanceledError');
  });
});

describe('telemetry and the life of a process', () => {
  it('serves spans of a service on a Unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'telemetry-'));
    try {
      await using sink = await startOtlpSink();
      await using service = await startExporting(sink, { socketPath: join(directory, 'app.sock') });
      expect((await service.get('/v1/things/1')).status).to.equal(200);
      expect(await serverSpan(sink, '/v1/things/1')).to.include({ name: 'GET /v1/things/:id' });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('has trace ids, and sends them on, with nowhere to export to', async () => {
    await using service = await startFixture({});
    const reply = await service.get('/v1/things/1');
    expect(JSON.parse(reply.body).traceId).to.match(/^[0-9a-f]{32}$/);
  });

  it('does nothing when disabled', async () => {
    await using service = await startFixture({ environment: { OTEL_SDK_DISABLED: 'true' } });
    const reply = await service.get('/v1/things/1', { traceparent: TRACEPARENT });
    expect(JSON.parse(reply.body)).not.to.have.property('traceId');
  });

  it('loads nothing of it when disabled', async () => {
    expect(await loadedPackages({})).to.include('@opentelemetry/sdk-trace');
    expect(await loadedPackages({ OTEL_SDK_DISABLED: 'true' })).to.deep.equal([]);
  });

  it('neither ends nor keeps a process that is asked to end, and loses no span', async () => {
    await using sink = await startOtlpSink();
    await using service = await startExporting(sink, {
      environment: { OTEL_BSP_SCHEDULE_DELAY: '60000' },
    });
    await service.get('/v1/things/1');
    service.child.kill('SIGTERM');
    const [code, signal] = await once(service.child, 'exit');
    expect([code, signal]).to.deep.equal([0, null]);
    expect(sink.spans.map(({ kind }) => kind)).to.include('server');
  });

  it('answers at once when the collector is a black hole, and drops and counts spans', async () => {
    await using hole = await startBlackHole();
    await using service = await startFixture({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: hole.url,
        OTEL_BSP_SCHEDULE_DELAY: '1',
        OTEL_BSP_MAX_QUEUE_SIZE: '20',
      },
    });
    const startedMs = performance.now();
    for (let request = 0; request < 50; request++) await service.get('/v1/things/1');
    expect(performance.now() - startedMs, 'milliseconds for 50 requests').to.be.lessThan(2_000);
    const { dropped } = JSON.parse((await service.get('/v1/things/1')).body);
    expect(dropped).to.be.greaterThan(0);

    service.child.kill('SIGTERM');
    const [code] = await once(service.child, 'exit');
    expect(code).to.equal(0);
  });

  it('answers when nothing listens where the collector should be', async () => {
    await using service = await startFixture({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_BSP_SCHEDULE_DELAY: '1',
      },
    });
    for (let request = 0; request < 5; request++) {
      expect((await service.get('/v1/things/1')).status).to.equal(200);
    }
  });
});

/** Takes connections and never answers. */
async function startBlackHole(): Promise<AsyncDisposable & { url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A TCP listener's address is never a string or null.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
