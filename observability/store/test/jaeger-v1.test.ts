import { expect } from 'chai';
import { id, request, span, START_MS, text, TRACE } from './support/otlp.ts';
import { type Json, startTestStore, type TestStore } from './support/store.ts';

const EMPTY = { total: 0, limit: 0, offset: 0, errors: null };
const FROM_US = (START_MS - 1) * 1_000;
const TO_US = (START_MS + 60_000) * 1_000;
const WINDOW = `start=${FROM_US}&end=${TO_US}`;
const BEYOND_DOUBLE = '9007199254740993';

describe("Jaeger's first query API", () => {
  let store: TestStore;

  before(async () => {
    store = await startTestStore();
    await store.send(
      [
        span({ spanId: id(1), flags: 1, traceState: 'a=b' }),
        span({ spanId: id(2), parentSpanId: id(1), name: 'call', kind: 3, startMs: 10 }),
      ],
      { attributes: { 'service.instance.id': 'gateway-1' } },
    );
    await store.send(
      [
        span({
          spanId: id(3),
          parentSpanId: id(2),
          name: 'reserve',
          startMs: 20,
          durationMs: 50.5,
          status: { code: 2, message: 'out of stock' },
          attributes: [
            text('http.route', '/reserve'),
            { key: 'big', value: { intValue: BEYOND_DOUBLE } },
            { key: 'status', value: { intValue: 409 } },
            { key: 'ratio', value: { doubleValue: 0.5 } },
            { key: 'retry', value: { boolValue: true } },
            { key: 'raw', value: { bytesValue: 'AQID' } },
          ],
          events: [
            {
              timeUnixNano: `${FROM_US + 1_500}000`,
              name: 'cache miss',
              attributes: [text('k', 'v')],
            },
          ],
          links: [
            { traceId: id(7, 32), spanId: id(8) },
            { traceId: '', spanId: id(9) },
          ],
        }),
      ],
      { service: 'inventory', version: '2.0.0', scope: { name: 'http', version: '0.2' } },
    );
    await store.send([
      span({ traceId: id(5, 32), spanId: id(5), startMs: 5_000, status: { code: 1 } }),
    ]);
  });

  after(() => store.stop());

  describe('GET /api/traces/{id}', () => {
    let trace: Json;

    before(async () => {
      const { status, body } = await store.get(`/api/traces/${TRACE}`);
      expect(status).to.equal(200);
      expect({ ...body, data: undefined }).to.deep.equal({ ...EMPTY, data: undefined });
      [trace] = body.data;
    });

    it('answers the trace with its processes', () => {
      expect(trace.traceID).to.equal(TRACE);
      expect(trace.warnings).to.equal(null);
      expect(trace.processes).to.deep.equal({
        p1: {
          serviceName: 'gateway',
          tags: [{ key: 'service.instance.id', type: 'string', value: 'gateway-1' }],
        },
        p2: {
          serviceName: 'inventory',
          tags: [{ key: 'service.version', type: 'string', value: '2.0.0' }],
        },
      });
      expect(trace.spans.map((one: Json) => one.processID)).to.deep.equal(['p1', 'p1', 'p2']);
    });

    it('writes a root without references, with flags and its trace state', () => {
      const [root] = trace.spans;
      expect(root.references).to.deep.equal([]);
      expect(root.flags).to.equal(1);
      expect(root.tags).to.deep.include({ key: 'w3c.tracestate', type: 'string', value: 'a=b' });
      expect(root.logs).to.deep.equal([]);
      expect(root.warnings).to.equal(null);
    });

    it('writes times in whole microseconds', () => {
      const { startTime, duration } = trace.spans[2];
      expect([startTime, duration]).to.deep.equal([(START_MS + 20) * 1_000, 50_500]);
    });

    it('puts the parent before the links, and warns of a link to nowhere', () => {
      const { references, warnings } = trace.spans[2];
      expect(references).to.deep.equal([
        { refType: 'CHILD_OF', traceID: TRACE, spanID: id(2) },
        { refType: 'FOLLOWS_FROM', traceID: id(7, 32), spanID: id(8) },
      ]);
      expect(warnings).to.deep.equal(['Invalid span link removed']);
    });

    it('writes attributes, kind, status and scope as typed tags', () => {
      expect(trace.spans[2].tags).to.deep.equal([
        { key: 'otel.scope.name', type: 'string', value: 'http' },
        { key: 'otel.scope.version', type: 'string', value: '0.2' },
        { key: 'http.route', type: 'string', value: '/reserve' },
        { key: 'big', type: 'int64', value: BEYOND_DOUBLE },
        { key: 'status', type: 'int64', value: 409 },
        { key: 'ratio', type: 'float64', value: 0.5 },
        { key: 'retry', type: 'bool', value: true },
        { key: 'raw', type: 'binary', value: 'AQID' },
        { key: 'span.kind', type: 'string', value: 'server' },
        { key: 'otel.status_code', type: 'string', value: 'ERROR' },
        { key: 'error', type: 'bool', value: true },
        { key: 'otel.status_description', type: 'string', value: 'out of stock' },
      ]);
    });

    it('writes events as logs with an event field', () => {
      expect(trace.spans[2].logs).to.deep.equal([
        {
          timestamp: FROM_US + 1_500,
          fields: [
            { key: 'event', type: 'string', value: 'cache miss' },
            { key: 'k', type: 'string', value: 'v' },
          ],
        },
      ]);
    });

    it('says OK where the span says so', async () => {
      const { body } = await store.get('/api/traces/5');
      const ok = { key: 'otel.status_code', type: 'string', value: 'OK' };
      expect(body.data[0].spans[0].tags).to.deep.include(ok);
    });

    it('leaves a raw trace as it came', async () => {
      const { body } = await store.get(`/api/traces/${TRACE}?raw=true`);
      const { references, warnings } = body.data[0].spans[2];
      expect([references.length, warnings]).to.deep.equal([3, null]);
    });

    it('indents for prettyPrint', async () => {
      const answer = await fetch(`${store.queryUrl}/api/traces/${TRACE}?prettyPrint=true`);
      const body = await answer.text();
      expect(body).to.contain('\n    "traceID"');
      expect(JSON.parse(body).data).to.deep.equal([trace]);
    });

    it('takes base64 for the id', async () => {
      const base64 = encodeURIComponent(Buffer.from(TRACE, 'hex').toString('base64'));
      expect((await store.get(`/api/traces/${base64}`)).status).to.equal(200);
    });

    it('answers 404 for a trace that is not there', async () => {
      const { status, body } = await store.get(`/api/traces/${id(77, 32)}`);
      const errors = [{ code: 404, msg: 'trace not found' }];
      expect([status, body]).to.deep.equal([404, { ...EMPTY, data: null, errors }]);
    });

    for (const path of [
      'xyz',
      `${TRACE}0`,
      `${TRACE}?start=now`,
      `${TRACE}?end=1.5`,
      `${TRACE}?raw=7`,
    ]) {
      it(`refuses ${path}`, async () => {
        const { status, body } = await store.get(`/api/traces/${path}`);
        expect([status, body.data, body.errors[0].code]).to.deep.equal([400, null, 400]);
      });
    }
  });

  describe('what is mended when a trace is read', () => {
    it('tells a server from the client whose span id it took', async () => {
      await using other = await startTestStore();
      await other.send([span({ spanId: id(9), kind: 3 })], { service: 'web' });
      await other.send(
        [
          span({ spanId: id(9), kind: 2, startMs: 1 }),
          span({ spanId: id(10), parentSpanId: id(9), kind: 1, startMs: 2 }),
        ],
        { service: 'api' },
      );
      const { body } = await other.get(`/api/traces/${TRACE}`);
      const [client, server, child] = body.data[0].spans;
      expect(client.spanID).to.equal(id(9));
      expect(server.references[0].spanID).to.equal(id(9));
      expect(server.spanID).to.not.equal(id(9));
      expect(child.references[0].spanID).to.equal(server.spanID);
    });

    it('shows a span that came twice once, and two of one id both, with a warning', async () => {
      await using other = await startTestStore();
      const twice = span({ spanId: id(1), kind: 1 });
      await other.send([twice]);
      await other.send([twice, span({ spanId: id(1), kind: 1, name: 'another' })]);
      const { body } = await other.get(`/api/traces/${TRACE}`);
      const { spans } = body.data[0];
      expect(spans.map((one: Json) => one.operationName)).to.have.members(['GET /', 'another']);
      expect(spans[0].warnings[0]).to.contain('duplicate span IDs');
      const raw = await other.get(`/api/traces/${TRACE}?raw=1`);
      expect(raw.body.data[0].spans).to.have.length(3);
    });

    it('warns of a parent that is missing and of a span that ends before it starts', async () => {
      await using other = await startTestStore();
      await other.send([span({ spanId: id(1), parentSpanId: id(2), durationMs: -5 })]);
      const { body } = await other.get(`/api/traces/${TRACE}`);
      const [{ warnings, duration }] = body.data[0].spans;
      expect(duration).to.equal(0);
      expect(warnings).to.deep.equal([
        `parent span ID=${id(2)} is not in the trace; skipping clock skew adjustment`,
        'the span ends before it starts',
      ]);
    });

    it('spells IP numbers and moves what SDKs say to the process', async () => {
      await using other = await startTestStore();
      const attributes = [
        { key: 'peer.ipv4', value: { intValue: 0x7f000001 } },
        text('telemetry.sdk.name', 'otel'),
        text('telemetry.sdk.language', 'go'),
      ];
      const whose = { attributes: { 'telemetry.sdk.language': 'nodejs' } };
      await other.send([span({ spanId: id(1), attributes })], whose);
      const { body } = await other.get(`/api/traces/${TRACE}`);
      const [{ spans, processes }] = body.data;
      expect(spans[0].tags).to.deep.include({
        key: 'peer.ipv4',
        type: 'string',
        value: '127.0.0.1',
      });
      expect(processes.p1.tags.map(({ key }: Json) => key)).to.include('telemetry.sdk.name');
      expect(spans[0].warnings).to.deep.equal([
        'conflicting values between Span and Resource for attribute telemetry.sdk.language',
      ]);
    });
  });

  describe('GET /api/services and operations', () => {
    it('lists services', async () => {
      const { body } = await store.get('/api/services');
      expect(body).to.deep.equal({ ...EMPTY, data: ['gateway', 'inventory'], total: 2 });
    });

    it('lists the names of the operations of a service', async () => {
      const { body } = await store.get('/api/services/gateway/operations');
      expect(body).to.deep.equal({ ...EMPTY, data: ['GET /', 'call'], total: 2 });
    });

    it('lists operations with kinds, all or of one kind', async () => {
      const call = { name: 'call', spanKind: 'client' };
      const all = await store.get('/api/operations?service=gateway');
      expect(all.body).to.deep.equal({
        ...EMPTY,
        data: [{ name: 'GET /', spanKind: 'server' }, call],
        total: 2,
      });
      const clients = await store.get('/api/operations?service=gateway&spanKind=client');
      expect(clients.body.data).to.deep.equal([call]);
    });

    it('wants a service', async () => {
      const { status, body } = await store.get('/api/operations');
      const errors = [{ code: 400, msg: "parameter 'service' is required" }];
      expect([status, body.errors]).to.deep.equal([400, errors]);
    });
  });

  describe('GET /api/traces', () => {
    const found: Record<string, string[]> = {
      'service=gateway': [id(5, 32), TRACE],
      'service=inventory': [TRACE],
      'service=gateway&operation=call': [TRACE],
      'service=gateway&limit=1': [id(5, 32)],
      'service=inventory&minDuration=50ms&maxDuration=51ms': [TRACE],
      'service=inventory&minDuration=51ms': [],
      'service=inventory&tag=http.route:/reserve': [TRACE],
      'service=inventory&tag=http.route:/reserve&tag=status:409': [TRACE],
      'service=inventory&tag=http.route:/reserve&tag=status:410': [],
      'service=inventory&tags={"error":"true"}': [TRACE],
      'service=gateway&tags={"error":"true"}': [],
      'service=inventory&version=2.0.0': [TRACE],
      'service=gateway&minSpans=2': [TRACE],
      'tag=failure.origin:inventory': [TRACE],
      'tags={"failure.origin":"gateway"}': [],
      'minSpans=0': [id(5, 32), TRACE],
      [`traceID=${TRACE}`]: [TRACE],
      [`traceID=${TRACE}&traceID=5`]: [TRACE, id(5, 32)],
    };
    for (const [query, expected] of Object.entries(found)) {
      it(`finds ${expected.length} by ${query.slice(0, 60)}`, async () => {
        const { status, body } = await store.get(`/api/traces?${WINDOW}&${query}`);
        expect(status).to.equal(200);
        expect(body.data.map((one: Json) => one.traceID)).to.deep.equal(expected);
        expect({ ...body, data: [] }).to.deep.equal({ ...EMPTY, data: [], total: expected.length });
      });
    }

    it('looks two days back by default', async () => {
      const { body } = await store.get('/api/traces?service=inventory');
      expect(body.data).to.have.length(1);
    });

    it('names the traces it was asked for and has not', async () => {
      const { status, body } = await store.get(`/api/traces?traceID=${TRACE}&traceID=ee`);
      expect([status, body.data.length]).to.deep.equal([200, 1]);
      expect(body.errors).to.deep.equal([{ msg: 'trace not found', traceID: id(0xee, 32) }]);
    });

    const wrong: Record<string, RegExp> = {
      'start=x': /^unable to parse param 'start'/,
      'end=x': /^unable to parse param 'end'/,
      'limit=x': /^unable to parse param 'limit'/,
      'limit=0': /^search depth must be greater than 0/,
      'limit=1000000': /^search depth must be greater than 0/,
      'minDuration=10': /^unable to parse param 'minDuration'/,
      'minDuration=5s&maxDuration=1s': /^'maxDuration' should be greater than 'minDuration'$/,
      'tag=error': /^malformed 'tag' parameter, expecting key:value, received: error$/,
      'tags=nothing': /^malformed 'tags' parameter, cannot unmarshal JSON/,
      'tags={"a":1}': /^malformed 'tags' parameter, cannot unmarshal JSON/,
      'raw=maybe': /^unable to parse param 'raw'/,
      'traceID=zz': /^'zz' is no trace id/,
    };
    for (const [query, message] of Object.entries(wrong)) {
      it(`refuses ${query}`, async () => {
        const { status, body } = await store.get(`/api/traces?service=gateway&${query}`);
        expect([status, body.data, body.errors[0].code]).to.deep.equal([400, null, 400]);
        expect(body.errors[0].msg).to.match(message);
      });
    }
  });

  describe('GET /api/dependencies', () => {
    const endTs = START_MS + 60_000;

    it('counts the calls between services, within one service too', async () => {
      const { body } = await store.get(`/api/dependencies?endTs=${endTs}&lookback=604800000`);
      expect(body).to.deep.equal({
        ...EMPTY,
        data: [
          { parent: 'gateway', child: 'gateway', callCount: 1 },
          { parent: 'gateway', child: 'inventory', callCount: 1 },
        ],
      });
    });

    it('keeps to one service', async () => {
      const { body } = await store.get(`/api/dependencies?endTs=${endTs}&service=inventory`);
      expect(body.data).to.deep.equal([{ parent: 'gateway', child: 'inventory', callCount: 1 }]);
    });

    it('leaves out a trace that is only partly in the time asked for', async () => {
      const { body } = await store.get(`/api/dependencies?endTs=${START_MS + 50}`);
      expect(body.data).to.deep.equal([]);
    });

    for (const query of ['endTs=now', 'lookback=1h']) {
      it(`refuses ${query}`, async () => {
        const { status, body } = await store.get(`/api/dependencies?${query}`);
        expect([status, body.errors[0].code]).to.deep.equal([400, 400]);
      });
    }
  });

  describe('POST /api/transform', () => {
    it('turns OTLP into a trace and stores nothing', async () => {
      const otlp = request([span({ traceId: id(6, 32), spanId: id(6), name: 'uploaded' })]);
      const { status, body } = await store.post('/api/transform', JSON.stringify(otlp));
      expect([status, body.errors]).to.deep.equal([200, null]);
      expect(body.data[0].spans[0].operationName).to.equal('uploaded');
      expect(body.data[0].processes.p1.serviceName).to.equal('gateway');
      expect((await store.get('/api/traces/6')).status).to.equal(404);
    });

    it('says which spans it could not take', async () => {
      const otlp = request([span({ spanId: id(6) }), span({ spanId: 'nonsense' })]);
      const { body } = await store.post('/api/transform', JSON.stringify(otlp));
      expect(body.data).to.have.length(1);
      expect(body.errors[0].msg).to.contain('spanId');
    });

    for (const otlp of ['', 'no json', '[]', '{"resourceSpans":1}']) {
      it(`refuses '${otlp}'`, async () => {
        const { status, body } = await store.post('/api/transform', otlp);
        expect([status, body.errors[0].code]).to.deep.equal([400, 400]);
      });
    }
  });

  describe('POST /api/archive/{id}', () => {
    it('archives a trace', async () => {
      const { status, body } = await store.post(`/api/archive/${TRACE}`);
      expect([status, body]).to.deep.equal([200, { ...EMPTY, data: [], errors: [] }]);
      const { body: found } = await store.get(`/api/traces/${TRACE}`);
      expect(found.data[0].spans).to.have.length(3);
    });

    it('answers 404 for a trace that is not there, 400 for no id', async () => {
      expect((await store.post('/api/archive/abc')).status).to.equal(404);
      expect((await store.post('/api/archive/-')).status).to.equal(400);
    });
  });

  it('answers quality metrics with nothing invented', async () => {
    const { status, body } = await store.get('/api/quality-metrics');
    expect([status, body.scores, body.metrics]).to.deep.equal([200, [], []]);
  });

  it('answers 404 to another method', async () => {
    expect((await store.post('/api/services')).status).to.equal(404);
  });

  it('answers HEAD without a body', async () => {
    const answer = await fetch(`${store.queryUrl}/api/services`, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).to.deep.equal([200, '']);
  });
});
