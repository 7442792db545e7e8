import { expect } from 'chai';
import { at, id, span, START_MS, text, time, TRACE } from './support/otlp.ts';
import { type Json, startTestStore, type TestStore } from './support/store.ts';

describe("Jaeger's third query API", () => {
  let store: TestStore;

  before(async () => {
    store = await startTestStore();
    await store.send(
      [
        span({ spanId: id(1), name: 'GET /', durationMs: 100 }),
        span({ spanId: id(2), parentSpanId: id(1), name: 'call', kind: 3, startMs: 10 }),
      ],
      { service: 'gateway', version: '1.0.0' },
    );
    await store.send(
      [
        span({
          spanId: id(3),
          parentSpanId: id(2),
          name: 'reserve',
          startMs: 20,
          durationMs: 50,
          status: { code: 2, message: 'out of stock' },
          attributes: [
            text('http.route', '/reserve'),
            { key: 'status', value: { intValue: '409' } },
            { key: 'ratio', value: { doubleValue: 0.5 } },
            { key: 'retry', value: { boolValue: true } },
            { key: 'raw', value: { bytesValue: 'AQID' } },
            { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
            { key: 'map', value: { kvlistValue: { values: [text('k', 'v')] } } },
          ],
          events: [
            { timeUnixNano: at(25), name: 'exception', attributes: [text('exception.type', 'E')] },
          ],
          links: [{ traceId: id(7, 32), spanId: id(8), attributes: [text('why', 'batch')] }],
        }),
        span({ spanId: id(4), parentSpanId: id(99), name: 'orphan', kind: 1, startMs: 30 }),
      ],
      { service: 'inventory', version: '2.1.0', scope: { name: 'http', version: '0.2' } },
    );
    await store.send([span({ traceId: id(5, 32), spanId: id(5), startMs: 5_000, durationMs: 7 })]);
  });

  after(() => store.stop());

  describe('GET /api/v3/services', () => {
    it('lists services by name', async () => {
      const { status, body, type } = await store.get('/api/v3/services');
      expect([status, type]).to.deep.equal([200, 'application/json']);
      expect(body).to.deep.equal({ services: ['gateway', 'inventory'] });
    });
  });

  describe('GET /api/v3/operations', () => {
    it('lists the operations of a service with their kinds', async () => {
      const { body } = await store.get('/api/v3/operations?service=gateway');
      expect(body).to.deep.equal({
        operations: [
          { name: 'GET /', spanKind: 'server' },
          { name: 'call', spanKind: 'client' },
        ],
      });
    });

    for (const name of ['spanKind', 'span_kind']) {
      it(`takes ${name}`, async () => {
        const { body } = await store.get(`/api/v3/operations?service=gateway&${name}=client`);
        expect(body).to.deep.equal({ operations: [{ name: 'call', spanKind: 'client' }] });
      });
    }

    it('calls a span without a kind internal', async () => {
      await using other = await startTestStore();
      await other.send([span({ spanId: id(1), kind: 0 })]);
      const { body } = await other.get('/api/v3/operations?service=gateway');
      expect(body.operations[0].spanKind).to.equal('internal');
    });

    it('knows no operations of an unknown service', async () => {
      const { status, body } = await store.get('/api/v3/operations?service=nobody');
      expect([status, body]).to.deep.equal([200, { operations: [] }]);
    });
  });

  describe('GET /api/v3/trace-summaries', () => {
    it('sums up a trace with root, counts, orphans and services by name', async () => {
      const body = await search('query.serviceName=inventory');
      expect(body).to.deep.equal({
        summaries: [
          {
            traceId: TRACE,
            rootServiceName: 'gateway',
            rootOperationName: 'GET /',
            minStartTimeUnixNano: at(0),
            maxEndTimeUnixNano: at(130),
            spanCount: 4,
            errorSpanCount: 1,
            orphanSpanCount: 1,
            services: [
              { name: 'gateway', spanCount: 2, errorSpanCount: 0 },
              { name: 'inventory', spanCount: 2, errorSpanCount: 1 },
            ],
          },
        ],
      });
    });

    it('answers {} with 200 when nothing matches', async () => {
      const { status, body } = await store.get(
        `/api/v3/trace-summaries?${window('query.serviceName=nobody')}`,
      );
      expect([status, body]).to.deep.equal([200, {}]);
    });

    it('searches all services, the latest first, without a service name', async () => {
      expect(ids(await search(''))).to.deep.equal([id(5, 32), TRACE]);
    });

    it('takes no more bytes than 400 for a trace of few services', async () => {
      const { summaries } = await search('');
      expect(JSON.stringify(summaries[0]).length).to.be.at.most(400);
    });

    const found: Record<string, string> = {
      'query.operationName=reserve': TRACE,
      'query.operation_name=reserve': TRACE,
      'query.service_name=inventory': TRACE,
      'query.durationMax=10ms': id(5, 32),
      'query.duration_max=10ms': id(5, 32),
      'query.durationMin=1s': '',
      'query.duration_min=99.5ms&query.serviceName=inventory': TRACE,
      'query.searchDepth=1': id(5, 32),
      'query.search_depth=1': id(5, 32),
      'query.num_traces=1': id(5, 32),
      'query.attributes={"http.route":"/reserve"}': TRACE,
      'query.attributes={"status":"409"}': TRACE,
      'query.attributes={"ratio":"0.5","retry":"true"}': TRACE,
      'query.attributes={"raw":"AQID"}': TRACE,
      'query.attributes={"list":"[\\"a\\"]"}': TRACE,
      'query.attributes={"error":"true"}': TRACE,
      'query.attributes={"error":"perhaps"}': '',
      'query.attributes={"span.status":"error"}': TRACE,
      'query.attributes={"span.kind":"internal"}': TRACE,
      'query.attributes={"scope.name":"http","scope.version":"0.2"}': TRACE,
      'query.attributes={"resource.service.version":"2.1.0"}': TRACE,
      'query.attributes={"service.version":"2.1.0"}': TRACE,
      'query.attributes={"exception.type":"E"}': TRACE,
      'query.attributes={"why":"batch"}': TRACE,
      'query.attributes={"resource.http.route":"/reserve"}': '',
      'query.serviceVersion=1.0.0': TRACE,
      'query.serviceVersion=9.9.9': '',
      'query.spanCountMin=2': TRACE,
      'query.attributes={"failure.origin":"inventory"}': TRACE,
      'query.attributes={"failure.origin":"inventory","http.route":"/reserve"}': TRACE,
      'query.attributes={"failure.origin":"gateway"}': '',
      'query.spanCountMax=2': id(5, 32),
      'query.serviceName=nobody&query.serviceName=inventory': TRACE,
    };
    for (const [query, expected] of Object.entries(found)) {
      it(`finds ${expected ? `${expected.slice(-4)} ` : 'nothing '}by ${query}`, async () => {
        expect(ids(await search(query))).to.deep.equal(expected === '' ? [] : [expected]);
      });
    }

    it('wants all conditions on one span', async () => {
      const body = await search('query.operationName=orphan&query.attributes={"error":"true"}');
      expect(body).to.deep.equal({});
    });

    it('keeps to the times given, in either spelling', async () => {
      const min = encodeURIComponent(time(1_000));
      const max = encodeURIComponent(time(6_000));
      const camel = `query.startTimeMin=${min}&query.startTimeMax=${max}`;
      const snake = `query.start_time_min=${min}&query.start_time_max=${max}`;
      for (const query of [camel, snake]) {
        const { body } = await store.get(`/api/v3/trace-summaries?${query}`);
        expect(ids(body)).to.deep.equal([id(5, 32)]);
      }
    });

    const [min, max] = ['query.startTimeMin', 'query.startTimeMax'];
    const later = time(1_000);
    const wrong: Record<string, string> = {
      '': `${min} and ${max} are required`,
      [`${min}=${time(0)}`]: `${min} and ${max} are required`,
      [`${min}=yesterday&${max}=${later}`]: `malformed parameter ${min}: cannot parse 'yesterday'`,
      [`${min}=${time(0)}&query.start_time_max=1`]:
        "malformed parameter query.start_time_max: cannot parse '1'",
      [`${min}=${later}&${max}=${later}`]: `${min} must be before ${max}`,
    };
    for (const [query, message] of Object.entries(wrong)) {
      it(`refuses '${query.slice(0, 50)}'`, async () => {
        const { status, body } = await store.get(`/api/v3/trace-summaries?${query}`);
        expect([status, body]).to.deep.equal([400, { error: { httpCode: 400, message } }]);
      });
    }

    const malformed = [
      'query.searchDepth=many',
      'query.searchDepth=0',
      'query.searchDepth=-5',
      'query.searchDepth=1000000000',
      'query.num_traces=1e3',
      'query.durationMin=fast',
      'query.durationMax=10',
      'query.rawTraces=maybe',
      'query.attributes={"a":1}',
      'query.attributes=[]',
      'query.attributes={',
      'query.filter={"op":"and"}',
      'query.spanCountMin=x',
    ];
    for (const query of malformed) {
      it(`refuses ${query}`, async () => {
        const { status, body } = await store.get(`/api/v3/trace-summaries?${window(query)}`);
        expect(status).to.equal(400);
        expect(body.error.httpCode).to.equal(400);
        expect(body.error.message).to.be.a('string').and.not.equal('');
      });
    }
  });

  describe('GET /api/v3/traces/{id}', () => {
    it('answers OTLP with all that the span had', async () => {
      const { status, body } = await store.get(`/api/v3/traces/${TRACE}?rawTraces=true`);
      expect(status).to.equal(200);
      const [gateway, inventory] = body.result.resourceSpans;
      expect(gateway.resource.attributes).to.deep.include(text('service.name', 'gateway'));
      expect(gateway.scopeSpans[0].spans.map((one: Json) => one.spanId)).to.deep.equal([
        id(1),
        id(2),
      ]);
      expect(inventory.scopeSpans[0].scope).to.deep.equal({ name: 'http', version: '0.2' });
      expect(inventory.scopeSpans[0].spans[0]).to.deep.equal({
        traceId: TRACE,
        spanId: id(3),
        parentSpanId: id(2),
        name: 'reserve',
        kind: 2,
        startTimeUnixNano: at(20),
        endTimeUnixNano: at(70),
        attributes: [
          text('http.route', '/reserve'),
          { key: 'status', value: { intValue: '409' } },
          { key: 'ratio', value: { doubleValue: 0.5 } },
          { key: 'retry', value: { boolValue: true } },
          { key: 'raw', value: { bytesValue: 'AQID' } },
          { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
          { key: 'map', value: { kvlistValue: { values: [text('k', 'v')] } } },
        ],
        events: [
          { timeUnixNano: at(25), name: 'exception', attributes: [text('exception.type', 'E')] },
        ],
        links: [{ traceId: id(7, 32), spanId: id(8), attributes: [text('why', 'batch')] }],
        status: { message: 'out of stock', code: 2 },
      });
    });

    it('carries warnings as an attribute, unless raw', async () => {
      const { body } = await store.get(`/api/v3/traces/${TRACE}`);
      const all = body.result.resourceSpans.flatMap((one: Json) => one.scopeSpans[0].spans);
      const orphan = all.find((one: Json) => one.spanId === id(4));
      expect(orphan.attributes[0].key).to.equal('@jaeger@warnings');
    });

    it('finds a trace by base64 and by a short id', async () => {
      const base64 = Buffer.from(TRACE, 'hex').toString('base64url');
      expect((await store.get(`/api/v3/traces/${base64}`)).status).to.equal(200);
      expect((await store.get('/api/v3/traces/5')).status).to.equal(200);
    });

    it('takes times in both spellings', async () => {
      const query = `startTime=${time(0)}&end_time=${time(1)}&raw_traces=t`;
      expect((await store.get(`/api/v3/traces/${TRACE}?${query}`)).status).to.equal(200);
    });

    it('answers 404 for a trace that is not there', async () => {
      const { status, body } = await store.get(`/api/v3/traces/${id(77, 32)}`);
      const error = { httpCode: 404, message: 'No traces found' };
      expect([status, body]).to.deep.equal([404, { error }]);
    });

    for (const path of ['zz', `${TRACE}00`, `${TRACE}?startTime=1`, `${TRACE}?rawTraces=2`]) {
      it(`refuses ${path}`, async () => {
        const { status, body } = await store.get(`/api/v3/traces/${path}`);
        expect(status).to.equal(400);
        expect(body.error.message).to.match(/^malformed parameter/);
      });
    }
  });

  describe('GET /api/v3/traces', () => {
    it('merges the spans of all traces found', async () => {
      const { status, body } = await store.get(`/api/v3/traces?${window('')}`);
      expect(status).to.equal(200);
      const spans = body.result.resourceSpans.flatMap((one: Json) => one.scopeSpans[0].spans);
      expect(new Set(spans.map((one: Json) => one.traceId))).to.have.keys(TRACE, id(5, 32));
    });

    it('answers 404 when nothing matches', async () => {
      const { status, body } = await store.get(
        `/api/v3/traces?${window('query.serviceName=nobody')}`,
      );
      const error = { httpCode: 404, message: 'No traces found' };
      expect([status, body]).to.deep.equal([404, { error }]);
    });
  });

  it('answers 404, never a page, for what is no route', async () => {
    for (const path of ['/api/v3/nothing', '/api/unknown', '/analytics/v1/dependencies']) {
      const { status, type } = await store.get(path);
      expect([status, type]).to.deep.equal([404, 'text/plain']);
    }
  });

  async function search(query: string): Promise<Json> {
    const { body } = await store.get(`/api/v3/trace-summaries?${window(query)}`);
    return body;
  }
});

/** The query with times around all that the tests send. */
function window(query: string): string {
  const params = new URLSearchParams(query);
  params.set('query.startTimeMin', new Date(START_MS - 1).toISOString());
  params.set('query.startTimeMax', time(60_000));
  return params.toString();
}

function ids(body: Json): string[] {
  return (body.summaries ?? []).map(({ traceId }: Json) => traceId);
}
