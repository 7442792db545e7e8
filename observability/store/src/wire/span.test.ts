import { expect } from 'chai';
import fc from 'fast-check';
import { decodeRequest, encodeRequest } from '../../test/support/otlp-proto.ts';
import { anySpan } from '../../test/support/arbitrary.ts';
import { encodeJsonRequest } from '../otlp/json-request.ts';
import { walkRequest } from '../otlp/request.ts';
import { Cursor, WireError } from './cursor.ts';
import { SpanScan } from './span-scan.ts';
import { readSpan, type Span } from './span.ts';
import { AttributeMemo } from './values.ts';

describe('reading and writing OTLP', () => {
  it('encodes JSON as another implementation does', () => {
    fc.assert(
      fc.property(anySpan, (span) => {
        const request = requestOf(span);
        const { body, refused } = encodeJsonRequest(JSON.stringify(request));
        expect(refused).to.deep.equal([]);
        expect(decodeRequest(body)).to.deep.equal(decodeRequest(encodeRequest(inBytes(request))));
      }),
    );
  });

  it('reads what another implementation encoded, in one order of fields and the other', () => {
    fc.assert(
      fc.property(anySpan, (span) => {
        const [read] = spansOf(encodeRequest(inBytes(requestOf(span))));
        expect(read).to.deep.include({
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId,
          traceState: span.traceState,
          name: span.name,
          kind: span.kind,
          startNs: BigInt(span.startTimeUnixNano),
          endNs: BigInt(span.endTimeUnixNano),
          statusCode: span.status.code,
          statusMessage: span.status.message,
          flags: span.flags,
          droppedAttributes: span.droppedAttributesCount,
          droppedEvents: span.droppedEventsCount,
          droppedLinks: span.droppedLinksCount,
        });
        expect(read?.attributes.map(({ key }) => key)).to.deep.equal(
          span.attributes.map(({ key }) => key),
        );
        expect(read?.events.map(({ name, timeNs }) => [name, String(timeNs)])).to.deep.equal(
          span.events.map(({ name, timeUnixNano }) => [name, timeUnixNano]),
        );
        expect(
          read?.links.map(({ traceId, spanId, flags }) => [traceId, spanId, flags]),
        ).to.deep.equal(span.links.map(({ traceId, spanId, flags }) => [traceId, spanId, flags]));
      }),
    );
  });

  it('answers any bytes with spans or a WireError, and never reads beyond the end', () => {
    fc.assert(
      fc.property(anySpan, fc.nat(), fc.nat({ max: 255 }), (span, at, byte) => {
        const body = encodeRequest(inBytes(requestOf(span)));
        body[at % body.length] = byte;
        expectRead(body);
        expectRead(body.subarray(0, at % body.length));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectRead(Buffer.from(bytes))),
    );
  });

  it('reads the same with the attributes of the spans before', () => {
    const memo = new AttributeMemo();
    fc.assert(
      fc.property(anySpan, (span) => {
        const body = encodeRequest(inBytes(requestOf(span)));
        for (let times = 0; times < 2; times++) {
          expect(spansOf(body, memo)).to.deep.equal(spansOf(body));
        }
      }),
    );
  });

  it('refuses a varint without an end', () => {
    const cursor = new Cursor(Buffer.alloc(20, 0xff));
    expect(() => cursor.varint()).to.throw(WireError, 'more than 10 bytes');
  });
});

function expectRead(body: Buffer): void {
  try {
    spansOf(body);
  } catch (error) {
    expect(error).to.be.instanceOf(WireError);
  }
}

function spansOf(body: Buffer, memo?: AttributeMemo): Span[] {
  const scan = new SpanScan();
  const spans: Span[] = [];
  walkRequest(body, {
    group: () => undefined,
    span: (bytes, start, end) => {
      scan.scan(bytes, start, end);
      spans.push(readSpan(scan, memo));
    },
    refused: () => undefined,
  });
  return spans;
}

function requestOf(span: object) {
  return {
    resourceSpans: [
      {
        resource: { attributes: [] },
        scopeSpans: [{ scope: { name: 'test' }, spans: [span], schemaUrl: 'https://scope' }],
        schemaUrl: 'https://resource',
      },
    ],
  };
}

/** Ids are hex in JSON and bytes elsewhere. */
function inBytes(request: object): object {
  return JSON.parse(JSON.stringify(request), (key, value: unknown) =>
    /^(traceId|spanId|parentSpanId)$/.test(key) && typeof value === 'string'
      ? Buffer.from(value, 'hex').toString('base64')
      : value,
  );
}
