import fc from 'fast-check';
import { id, START_MS } from './otlp.ts';

/** Names as senders have them, and some that nobody should have. */
const name = fc.oneof(
  fc.constantFrom('GET /', 'http.route', 'orders', ''),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);

/** An `AnyValue` in OTLP/JSON. */
const { value } = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ stringValue: name }),
    fc.record({ intValue: int64 }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ doubleValue: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({
      bytesValue: fc.uint8Array({ maxLength: 9 }).map((it) => Buffer.from(it).toString('base64')),
    }),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc
      .array(fc.record({ key: name, value: tie('value') }), { maxLength: 3 })
      .map((values) => ({ kvlistValue: { values } })),
  ),
}));

const attributes = fc.array(fc.record({ key: name, value }), { maxLength: 5 });
const hexId = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((it) => {
    it[0] = 1;
    return Buffer.from(it).toString('hex');
  });
const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const count = fc.nat({ max: 2 ** 31 });

/** A span with everything a span can have, in OTLP/JSON. */
export const anySpan = fc.record({
  traceId: hexId(16),
  spanId: hexId(8),
  parentSpanId: hexId(8),
  traceState: name,
  name,
  kind: fc.integer({ min: 0, max: 5 }),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  droppedAttributesCount: count,
  events: fc.array(
    fc.record({ timeUnixNano: nanos, name, attributes, droppedAttributesCount: count }),
    { maxLength: 2 },
  ),
  droppedEventsCount: count,
  links: fc.array(
    fc.record({ traceId: hexId(16), spanId: hexId(8), traceState: name, attributes, flags: count }),
    { maxLength: 2 },
  ),
  droppedLinksCount: count,
  status: fc.record({ message: name, code: fc.integer({ min: 0, max: 2 }) }),
  flags: count,
});

/** What a search can tell apart, from few values, so that many spans match. */
export const plainSpan = fc
  .record({
    trace: fc.integer({ min: 1, max: 12 }),
    service: fc.constantFrom('web', 'api', 'db'),
    version: fc.constantFrom('1', '2'),
    name: fc.constantFrom('read', 'write'),
    kind: fc.integer({ min: 0, max: 5 }),
    startMs: fc.integer({ min: 0, max: 50 }),
    durationMs: fc.integer({ min: 0, max: 20 }),
    isError: fc.boolean(),
    tags: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y', '7'), { maxKeys: 2 }),
  })
  .map((it) => ({ ...it, traceId: id(it.trace, 32), startUs: (START_MS + it.startMs) * 1_000 }));

export type PlainSpan = typeof plainSpan extends fc.Arbitrary<infer T> ? T : never;
