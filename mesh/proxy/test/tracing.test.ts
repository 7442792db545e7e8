import { expect } from 'chai';
import { createServer } from 'node:http';
import { systemClock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { SpanExporter } from '../src/net/span-exporter.ts';
import type { ProxySpan, Tracer } from '../src/tracing.ts';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { until } from './support/poll.ts';
import { endpoint, service } from './support/snapshots.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('65: spans of the proxies', () => {
  let mesh: TestMesh;
  let client: TestProxy;
  let spans: ProxySpan[] = [];
  let seen: unknown;

  before(async () => {
    mesh = await TestMesh.start();
    let count = 0;
    const tracer: Tracer = {
      now: Date.now,
      spanId: () => String(++count).padStart(16, 'a'),
      record: (span) => void spans.push(span),
    };
    const app = await mesh.app((request, response) => {
      seen = request.headers.traceparent;
      response.end();
    });
    const server = await mesh.proxy('b', { app, tracer });
    client = await mesh.proxy('client', { tracer });
    await mesh.apply(client, {
      services: [service()],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
    });
  });

  beforeEach(() => (spans = []));
  after(() => mesh.stop());

  const ask = (headers: Record<string, string>) => mesh.ask(client, 'http://b/p?q=1', { headers });

  it('join a sampled trace: four a hop, each the parent of the next', async () => {
    await ask({ traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
    await until(() => spans.length === 4);
    const chain = ['b7ad6b7169203331'];
    while (chain.length <= 4) {
      const next = spans.find(({ parentSpanId }) => parentSpanId === chain.at(-1));
      expect(next, `a child of ${chain.at(-1)}`).not.to.equal(undefined);
      chain.push(next?.spanId ?? '');
    }
    expect(seen).to.equal(`00-${TRACE}-${chain[4]}-01`);
    expect(spans.every(({ traceId, name }) => traceId === TRACE && name === '/p')).to.equal(true);
    expect(spans.map(({ kind }) => kind).toSorted()).to.deep.equal([
      'client',
      'client',
      'server',
      'server',
    ]);
    expect(spans[0]?.attributes).to.include({ 'http.response.status_code': 200 });
    expect(JSON.stringify(spans), 'what people type').to.not.contain('q=1');
  });

  for (const [name, value] of [
    ['no trace', undefined],
    ['a trace that is not sampled', `00-${TRACE}-b7ad6b7169203331-00`],
    ['what is no trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
  ] as const) {
    it(`are not made for ${name}, whose header passes untouched`, async () => {
      await ask(value === undefined ? {} : { traceparent: value });
      expect(seen).to.equal(value);
      expect(spans).to.deep.equal([]);
    });
  }

  it('go to a collector that is slow or refuses at first, none twice and none lost', async () => {
    const taken: string[] = [];
    let refusals = 1;
    await using collector = await startCollector(async (body) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (refusals-- > 0) return 503;
      for (const { spanId } of spansOf(body)) taken.push(spanId);
      return 200;
    });
    const exporter = exporterTo(collector.port);
    const ids = Array.from({ length: 2_500 }, (_, n) => n.toString(16).padStart(16, '0'));
    for (const spanId of ids) exporter.record({ ...proxySpan, spanId });
    for (let round = 0; round < 5; round++) await exporter.flush();
    await exporter.close();
    expect(taken.toSorted()).to.deep.equal(ids);
  });

  it('go to a collector as OTLP in JSON', async () => {
    let sent = '';
    await using collector = await startCollector(async (body) => {
      sent = body;
      return 200;
    });
    const exporter = exporterTo(collector.port);
    exporter.record(proxySpan);
    await exporter.close();
    const [span] = spansOf(sent);
    expect(span).to.include({ traceId: TRACE, kind: 2, startTimeUnixNano: '1700000000000250000' });
    expect(span.attributes).to.deep.equal([{ key: 'server.port', value: { intValue: '80' } }]);
  });
});

const proxySpan = {
  traceId: TRACE,
  spanId: 'a'.repeat(16),
  parentSpanId: 'b'.repeat(16),
  name: '/p',
  kind: 'server',
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001,
  attributes: { 'server.port': 80 },
} as const;

function exporterTo(port: number): SpanExporter {
  return new SpanExporter({
    endpoint: new URL(`http://127.0.0.1:${port}`),
    instance: 'b-1',
    delayMs: 10_000,
    clock: systemClock,
    random: Math.random,
    log: createLog({ level: 'silent', instance: 'b-1', now: Date.now }, () => undefined),
  });
}

function spansOf(body: string) {
  return JSON.parse(body).resourceSpans[0].scopeSpans[0].spans;
}

/** A collector that answers each request with the status that `take` makes of its body. */
async function startCollector(take: (body: string) => Promise<number>) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      void take(body).then((status) => response.writeHead(status).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
