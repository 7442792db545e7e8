import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { SPAN_BYTES_MAX } from '../src/otlp/ingest.ts';
import { encodeJsonRequest } from '../src/otlp/json-request.ts';
import { Writer } from '../src/wire/writer.ts';
import { id, request, span, text, TRACE } from './support/otlp.ts';
import { startTestStore, type TestStore } from './support/store.ts';

const GOOD = span({ spanId: id(1) });

describe('the OTLP receiver', () => {
  let store: TestStore;

  beforeEach(async () => {
    store = await startTestStore({ bodyMaxBytes: 8 * 1_024 * 1_024 });
  });

  afterEach(() => store.stop());

  it('takes JSON and answers {}', async () => {
    const answer = await send(JSON.stringify(request([GOOD])), 'application/json; charset=utf-8');
    expect([answer.status, answer.body.toString()]).to.deep.equal([200, '{}']);
    expect(answer.headers.get('content-type')).to.equal('application/json');
    expect(await storedSpans()).to.equal(1);
  });

  it('takes protobuf and answers an empty message', async () => {
    const answer = await send(protobuf(request([GOOD])));
    expect([answer.status, answer.body.length]).to.deep.equal([200, 0]);
    expect(answer.headers.get('content-type')).to.equal('application/x-protobuf');
    expect(await storedSpans()).to.equal(1);
  });

  it('takes gzip', async () => {
    const body = gzipSync(protobuf(request([GOOD])));
    const { status } = await send(body, 'application/x-protobuf', { 'content-encoding': 'gzip' });
    expect([status, await storedSpans()]).to.deep.equal([200, 1]);
  });

  it('takes an empty request', async () => {
    expect((await send(Buffer.alloc(0))).status).to.equal(200);
    expect((await send('{}', 'application/json')).status).to.equal(200);
  });

  it('keeps the good spans of a batch and says what was wrong with the others', async () => {
    const bad = [span({ spanId: '' }), span({ spanId: id(2), traceId: 'abcd' })];
    const answer = await send(JSON.stringify(request([...bad, GOOD])), 'application/json');
    const { partialSuccess } = JSON.parse(answer.body.toString());
    expect(answer.status).to.equal(200);
    expect(partialSuccess.rejectedSpans).to.equal('2');
    expect(partialSuccess.errorMessage).to.contain('span id').and.contain('trace id');
    expect(await storedSpans()).to.equal(1);
  });

  it('says so in protobuf too', async () => {
    const answer = await send(protobuf(request([span({ spanId: id(0) }), GOOD])));
    const expected = new Writer();
    expected.message(1, () => {
      expected.integer(1, 1n);
      expected.text(2, 'spans were refused: the span id is all zeros (1)');
    });
    expect(answer.body).to.deep.equal(expected.finish());
  });

  describe('hostile requests', () => {
    const nested = (depth: number): string =>
      `${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":1}${']}}'.repeat(depth)}`;
    const withValue = (value: string) =>
      JSON.stringify(
        request([{ ...GOOD, attributes: [text('VALUE', '')] }, span({ spanId: id(2) })]),
      ).replace(JSON.stringify(text('VALUE', '')), `{"key":"k","value":${value}}`);

    const refusedSpans: Record<string, () => string | Buffer> = {
      'a value nested too deep': () => withValue(nested(100)),
      'a value nested 10,000 deep': () => withValue(nested(10_000)),
      'an integer beyond 64 bits': () => withValue('{"intValue":"99999999999999999999"}'),
      'an attribute that is no object': () => withValue('{"stringValue":{}}'),
      'a span with a hundred thousand attributes': () => {
        const attributes = Array.from({ length: 100_000 }, (_, n) => text(`k${n}`, 'v'));
        return JSON.stringify(request([{ ...GOOD, attributes }, span({ spanId: id(2) })]));
      },
      'a span with a million attributes': () => {
        const empty = [0x4a, 2, 0x0a, 0];
        const attributes = Buffer.alloc(4_000_000, Buffer.from(empty));
        return spans([Buffer.concat([encodedSpan(1), attributes]), encodedSpan(2)]);
      },
      'a span that is too large': () => {
        const attributes = [text('k', 'x'.repeat(SPAN_BYTES_MAX))];
        return protobuf(request([{ ...GOOD, attributes }, span({ spanId: id(2) })]));
      },
      'a span whose attribute is cut off': () => spans([brokenSpan(), encodedSpan(2)]),
      'a span with a group in it': () => spans([Buffer.from([0x0b, 0x0c]), encodedSpan(2)]),
      'a span with an id of 15 bytes': () =>
        spans([Buffer.from([0x0a, 15, ...Array(15).fill(1)]), encodedSpan(2)]),
    };
    for (const [name, make] of Object.entries(refusedSpans)) {
      it(`refuses ${name} and keeps its neighbour`, async () => {
        const body = make();
        const type = typeof body === 'string' ? 'application/json' : 'application/x-protobuf';
        const answer = await send(body, type);
        expect(answer.status).to.equal(200);
        expect(answer.body.length).to.be.greaterThan(2);
        expect(await storedSpans()).to.equal(1);
      });
    }

    const refused: Record<string, [status: number, send: () => ReturnType<typeof send>]> = {
      'another content type': [415, () => send('x', 'text/plain')],
      'no content type': [415, () => send(Buffer.from([1]), '')],
      'another encoding': [415, () => send('{}', 'application/json', { 'content-encoding': 'br' })],
      'a body that is no gzip': [
        400,
        () => send('{}', 'application/json', { 'content-encoding': 'gzip' }),
      ],
      'a body that is no JSON': [400, () => send('{"resourceSpans":', 'application/json')],
      'JSON nested a million deep': [400, () => send('['.repeat(1_000_000), 'application/json')],
      'JSON of another shape': [400, () => send('{"resourceSpans":{}}', 'application/json')],
      'bytes that are no protobuf': [400, () => send(Buffer.alloc(100, 0xff))],
      'a body that is too large': [413, () => send(Buffer.alloc(9 * 1_024 * 1_024))],
      'a body that inflates to more than it says': [
        400,
        () => {
          const zipped = gzipSync(Buffer.alloc(8 * 1_024 * 1_024));
          zipped.writeUInt32LE(100, zipped.length - 4);
          return send(zipped, 'application/x-protobuf', { 'content-encoding': 'gzip' });
        },
      ],
      'a body that inflates to too much': [
        413,
        () =>
          send(gzipSync(Buffer.alloc(64 * 1_024 * 1_024)), 'application/x-protobuf', {
            'content-encoding': 'gzip',
          }),
      ],
    };
    for (const [name, [status, attempt]] of Object.entries(refused)) {
      it(`answers ${status} to ${name}, with a reason, and goes on`, async () => {
        const answer = await attempt();
        expect(answer.status).to.equal(status);
        expect(answer.body.length).to.be.greaterThan(4);
        expect((await send(protobuf(request([GOOD])))).status).to.equal(200);
      });
    }

    it('keeps the spans before the end of a request that is cut off', async () => {
      const first = protobuf(request([GOOD]));
      const second = protobuf(request([span({ spanId: id(2) })]));
      const answer = await send(Buffer.concat([first, second.subarray(0, -5)]));
      expect(answer.status).to.equal(400);
      expect(answer.body.toString()).to.contain('the 1 spans before that were kept');
      expect(await storedSpans()).to.equal(1);
    });

    it('takes clocks that are days off, cycles of parents, and ids that come twice', async () => {
      const day = 86_400_000;
      await store.send([
        span({ spanId: id(1), parentSpanId: id(2) }),
        span({ spanId: id(2), parentSpanId: id(1), startMs: -3 * day }),
        span({ spanId: id(3), parentSpanId: id(3), startMs: 3 * day }),
        span({ spanId: id(3), name: 'again' }),
        span({ spanId: id(4), startTimeUnixNano: '0', endTimeUnixNano: '18446744073709551615' }),
      ]);
      expect(await storedSpans()).to.equal(5);
      for (const path of ['/api/v3/traces/', '/api/traces/']) {
        expect((await store.get(path + TRACE)).status).to.equal(200);
      }
      expect((await store.get('/api/dependencies?lookback=999999999999')).status).to.equal(200);
    });

    it('joins the spans of a trace that come an hour apart', async () => {
      await store.send([span({ spanId: id(1) })]);
      await store.send([span({ spanId: id(2), parentSpanId: id(1), startMs: 3_600_000 })]);
      expect(await storedSpans()).to.equal(2);
    });
  });

  it('asks for patience when too much comes at once, and counts it', async () => {
    const url = new URL(store.otlpUrl);
    const sockets = await Promise.all(
      Array.from({ length: 64 }, async () => {
        const socket = connect(Number(url.port), url.hostname);
        await once(socket, 'connect');
        socket.on('error', () => socket.destroy());
        socket.write(
          'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
        );
        return socket;
      }),
    );
    const answer = await eventually(async () => {
      const tried = await send('{}', 'application/json');
      expect(tried.status).to.equal(429);
      return tried;
    });
    expect(answer.headers.get('retry-after')).to.equal('1');
    const metrics = await (await fetch(`${store.adminUrl}/metrics`)).text();
    expect(metrics).to.match(/faultline_store_requests_shed_total\{reason="busy"\} [1-9]/);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => {
      expect((await send('{}', 'application/json')).status).to.equal(200);
    });
  });

  it('hands what it took to whoever listens, as far as the analysis reads it', async () => {
    const seen: unknown[] = [];
    await using other = await startTestStore({ sinks: [(records) => seen.push(...records)] });
    await other.send(
      [
        span({
          spanId: id(2),
          parentSpanId: id(1),
          durationMs: 12.5,
          status: { code: 2, message: 'no' },
          attributes: [
            text('server.address', 'db'),
            { key: 'http.response.status_code', value: { intValue: '503' } },
            text('url.path', '/'.repeat(10_000)),
            text('nobody.reads', 'this'),
          ],
        }),
      ],
      { service: 'api', version: '1.2', attributes: { 'service.instance.id': 'api-1' } },
    );
    const [record] = await eventually(() => {
      expect(seen).to.have.length(1);
      return seen;
    });
    expect(record).to.deep.include({
      traceId: TRACE,
      spanId: id(2),
      parentSpanId: id(1),
      service: 'api',
      version: '1.2',
      instance: 'api-1',
      kind: 'server',
      name: 'GET /',
      durationMs: 12.5,
      isError: true,
      attributes: {
        'server.address': 'db',
        'http.response.status_code': 503,
        'url.path': '/'.repeat(1_024),
      },
    });
  });

  async function send(
    body: string | Buffer,
    type = 'application/x-protobuf',
    headers: Record<string, string> = {},
  ) {
    const answer = await fetch(`${store.otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { ...(type === '' ? {} : { 'content-type': type }), ...headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: answer.headers, body: bytes };
  }

  async function storedSpans(): Promise<number> {
    const { body } = await store.get(`/api/traces/${TRACE}?raw=true`);
    return body.data?.[0].spans.length ?? 0;
  }
});

function protobuf(otlp: object): Buffer {
  return encodeJsonRequest(JSON.stringify(otlp)).body;
}

/** A request of one scope with these encoded spans. */
function spans(encoded: readonly Buffer[]): Buffer {
  const writer = new Writer();
  writer.message(1, () => writer.message(2, () => encoded.forEach((one) => writer.bytes(2, one))));
  return writer.finish();
}

function encodedSpan(number: number): Buffer {
  const writer = new Writer();
  writer.bytes(1, Buffer.from(TRACE, 'hex'));
  writer.bytes(2, Buffer.from(id(number), 'hex'));
  return writer.finish();
}

/** Its attribute says it is longer than it is. */
function brokenSpan(): Buffer {
  return Buffer.concat([encodedSpan(1), Buffer.from([0x4a, 2, 0x0a, 0x7f])]);
}
