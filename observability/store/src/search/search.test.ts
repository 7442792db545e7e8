import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import fc from 'fast-check';
import { type PlainSpan, plainSpan } from '../../test/support/arbitrary.ts';
import { eachSpan } from '../../test/support/fill.ts';
import { id, span, START_MS, text } from '../../test/support/otlp.ts';
import { TraceStore } from '../storage/trace-store.ts';
import { findTraces } from './search.ts';
import type { TraceQuery } from './query.ts';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const MS = 1_000;

const anyQuery = fc.record({
  services: fc.uniqueArray(fc.constantFrom('web', 'api', 'nobody'), { maxLength: 2 }),
  operation: fc.constantFrom('', '', 'read', 'write', 'gone'),
  version: fc.constantFrom('', '', '1', '2', '3'),
  origin: fc.constant(''),
  startMinUs: fc.integer({ min: -5, max: 40 }).map((ms) => (START_MS + ms) * MS),
  startMaxUs: fc.integer({ min: 10, max: 60 }).map((ms) => (START_MS + ms) * MS),
  durationMinUs: fc.constantFrom(0, 0, 5 * MS, 15 * MS),
  durationMaxUs: fc.constantFrom(Infinity, Infinity, 5 * MS),
  tags: fc.array(
    fc.oneof(
      fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y', '7', 'z')),
      fc.tuple(fc.constant('error'), fc.constantFrom('true', 'false')),
      fc.tuple(fc.constant('span.kind'), fc.constantFrom('server', 'client')),
      fc.tuple(fc.constant('service.version'), fc.constantFrom('1', '2')),
      fc.tuple(fc.constant('resource.service.name'), fc.constantFrom('web', 'db')),
    ),
    { maxLength: 2 },
  ),
  spansMin: fc.constantFrom(0, 0, 2),
  spansMax: fc.constantFrom(Infinity, Infinity, 2),
  limit: fc.constantFrom(1, 3, 100),
});

describe('findTraces', () => {
  it('finds what looking at every span finds', async () => {
    const spans = fc.array(plainSpan, { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        spans,
        fc.array(anyQuery, { minLength: 5, maxLength: 20 }),
        async (all, queries) => {
          const store = new TraceStore({ maxBytes: 16 * 1_024 * 1_024 });
          all.forEach((one, index) => add(store, one, index));
          if (all.length % 2 === 0) store.seal();
          for (const query of queries) {
            const found = await search(store, query);
            expect(found, JSON.stringify(query)).to.deep.equal(bruteForce(all, query));
          }
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('finds one rare tag among thousands of traces, in packed blocks', async () => {
    const store = new TraceStore({ maxBytes: 64 * 1_024 * 1_024 });
    for (let first = 0; first < 5_000; first += 500) {
      const batch = Array.from({ length: 500 }, (_, n) =>
        span({
          traceId: id(first + n + 1, 32),
          spanId: id(1),
          attributes: [text('order', `o-${first + n}`)],
        }),
      );
      eachSpan(store, { spans: batch });
    }
    const found = await search(store, { ...everything, tags: [['order', 'o-1234']] });
    expect(found).to.deep.equal([id(1_235, 32)]);
  });

  it('lets others have a turn, and leaves out what was evicted meanwhile', async () => {
    const store = new TraceStore({ maxBytes: 1_024 * 1_024 });
    eachSpan(store, { spans: [1, 2].map((n) => span({ traceId: id(n, 32), spanId: id(n) })) });
    store.seal();
    const impatient = { now: () => 0, monotonic: () => (ms += 100), sleep: async () => undefined };
    let ms = 0;
    const found = findTraces(
      { store, clock: impatient, incidents },
      everything,
      ({ slot }) => slot,
    );
    for (let n = 10; store.lookUp(id(1, 32)); n += 50) {
      eachSpan(store, { spans: Array.from({ length: 50 }, (_, at) => bulky(n + at)) });
      store.reclaim();
    }
    expect(await found).to.deep.equal([]);
  });
});

function bulky(number: number) {
  const attributes = [
    text('padding', Array.from({ length: 200 }, (_, n) => (number * n) ** 3).join()),
  ];
  return span({ traceId: id(number, 32), spanId: id(1), attributes });
}

function search(store: TraceStore, query: TraceQuery): Promise<string[]> {
  const clock = new FakeClock();
  return findTraces({ store, clock, incidents }, query, ({ slot }) => store.table.hexOf(slot));
}

function incidents(): [] {
  return [];
}

const everything: TraceQuery = {
  services: [],
  operation: '',
  version: '',
  origin: '',
  startMinUs: 0,
  startMaxUs: Infinity,
  durationMinUs: 0,
  durationMaxUs: Infinity,
  tags: [],
  spansMin: 0,
  spansMax: Infinity,
  limit: 20,
};

function add(store: TraceStore, one: PlainSpan, index: number): void {
  const { traceId, name, kind, startMs, durationMs, isError, tags } = one;
  const attributes = Object.entries(tags).map(([key, value]) =>
    value === '7' ? { key, value: { intValue: value } } : text(key, value),
  );
  // Ties in time go by the id: a trace's first span must be the only one of its time.
  const spans = [
    {
      ...span({ traceId, spanId: id(index + 1), name, kind, startMs, durationMs, attributes }),
      status: { code: isError ? 2 : 0 },
    },
  ];
  eachSpan(store, { spans, whose: { service: one.service, version: one.version } });
}

function bruteForce(all: readonly PlainSpan[], query: TraceQuery): string[] {
  const traces = Map.groupBy(all, ({ traceId }) => traceId);
  return [...traces]
    .filter(([, spans]) => spans.length >= query.spansMin && spans.length <= query.spansMax)
    .filter(([, spans]) => spans.some((one) => matches(one, query)))
    .toSorted(([, a], [, b]) => startOf(b) - startOf(a))
    .slice(0, query.limit)
    .map(([traceId]) => traceId);
}

function startOf(spans: readonly PlainSpan[]): number {
  return Math.min(...spans.map(({ startUs }) => startUs));
}

function matches(one: PlainSpan, query: TraceQuery): boolean {
  const durationUs = one.durationMs * MS;
  return (
    (query.services.length === 0 || query.services.includes(one.service)) &&
    (query.operation === '' || query.operation === one.name) &&
    (query.version === '' || query.version === one.version) &&
    one.startUs >= query.startMinUs &&
    one.startUs <= query.startMaxUs &&
    durationUs >= query.durationMinUs &&
    durationUs <= query.durationMaxUs &&
    query.tags.every(([key, value]) => hasTag(one, key, value))
  );
}

function hasTag(one: PlainSpan, key: string, value: string): boolean {
  if (key === 'error') return String(one.isError) === value;
  if (key === 'span.kind') return KINDS[one.kind] === value;
  if (key === 'service.version') return one.version === value;
  if (key === 'resource.service.name') return one.service === value;
  return one.tags[key] === value;
}
