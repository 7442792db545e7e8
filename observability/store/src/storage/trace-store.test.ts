import { expect } from 'chai';
import fc from 'fast-check';
import { eachSpan, type Added } from '../../test/support/fill.ts';
import { id, span, text, type OtlpSpan } from '../../test/support/otlp.ts';
import { FLAG } from './trace-table.ts';
import { TRACE_SPANS_MAX, TraceStore } from './trace-store.ts';

const MB = 1_024 * 1_024;
/** An attribute that does not compress. */
function noise(seed: number): object {
  const random = randomFrom(seed);
  return text('noise', Array.from({ length: 60 }, () => random().toString(36).slice(2)).join(''));
}

describe('TraceStore', () => {
  it('keeps its budget, and of each trace all spans or none', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = randomFrom(seed);
        const store = new TraceStore({ maxBytes: 1.2 * MB });
        const sent = new Map<string, number>();
        let came = 0;
        for (let index = 0; index < 2_500; index++) {
          const trace = Math.floor(random() * 1_500);
          const traceId = id(trace + 1, 32);
          const isNew = !store.lookUp(traceId);
          const isAgain = isNew && sent.has(traceId);
          const status = { code: random() < 0.05 ? 2 : 0 };
          const attributes = [noise(index + seed)];
          const [result] = fill(store, [
            { ...span({ traceId, spanId: id(index + 1), attributes }), status },
          ]);
          if (isAgain && result === 'stored') came += 1;
          if (result === 'stored') sent.set(traceId, isNew ? 1 : (sent.get(traceId) ?? 0) + 1);
          store.reclaim();
          expect(store.bytes).to.be.at.most(1.2 * MB);
        }
        expect(store.counts.evictedTraces).to.be.greaterThan(0);
        for (const [traceId, count] of sent) {
          if (store.lookUp(traceId)) expect(spansOf(store, traceId), traceId).to.equal(count);
        }
        // Evicted ids are remembered in a fixed space: few are forgotten.
        expect(came).to.be.lessThan(store.counts.lateSpans / 5);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('keeps traces with errors and slow ones longest', () => {
    const store = new TraceStore({ maxBytes: 2 * MB });
    const kinds = ['plain', 'error', 'slow'] as const;
    const kindOf = (index: number) => (index % 50 === 0 ? kinds[1 + ((index / 50) % 2)] : 'plain');
    const total = 5_000;
    for (let first = 0; first < total; first += 50) {
      const [special, ...plainOnes] = Array.from({ length: 50 }, (_, n) => noisySpan(first + n));
      const kind = kindOf(first);
      const status = { code: kind === 'error' ? 2 : 0 };
      if (special) fill(store, [{ ...special, status }], kind === 'slow');
      fill(store, plainOnes);
      store.reclaim();
    }
    const left = Array.from({ length: total }, (_, index) => index).filter((index) =>
      store.lookUp(id(index + 1, 32)),
    );
    const oldestOf = (kind: string) => left.find((index) => kindOf(index) === kind) ?? total;
    const plain = left.filter((index) => kindOf(index) === 'plain');
    expect(plain.length).to.be.greaterThan(100);
    expect(oldestOf('error')).to.be.lessThan(oldestOf('plain') / 2);
    expect(oldestOf('slow')).to.be.lessThan(oldestOf('plain') / 2);
    // What is plain goes by age alone.
    expect(plain).to.deep.equal(
      Array.from({ length: total }, (_, index) => index).filter(
        (index) => index >= (plain[0] ?? 0) && kindOf(index) === 'plain',
      ),
    );
  });

  it('lets even errors go when there is nothing else', () => {
    const store = new TraceStore({ maxBytes: MB });
    for (let first = 0; first < 4_000; first += 50) {
      const failed = Array.from({ length: 50 }, (_, n) => noisySpan(first + n));
      fill(
        store,
        failed.map((one) => ({ ...one, status: { code: 2 } })),
      );
      store.reclaim();
    }
    expect(store.bytes).to.be.at.most(MB);
    expect(store.lookUp(id(1, 32))).to.equal(undefined);
    expect(store.lookUp(id(4_000, 32))).to.not.equal(undefined);
  });

  it('never lets a part of an evicted trace come back', () => {
    const store = new TraceStore({ maxBytes: MB });
    const first = span({ traceId: id(1, 32), spanId: id(1) });
    fill(store, [first]);
    fillUp(store);
    expect(store.lookUp(id(1, 32))).to.equal(undefined);
    expect(fill(store, [{ ...first, spanId: id(2) }])).to.deep.equal(['late']);
    expect(store.counts.lateSpans).to.equal(1);
  });

  it('keeps an archived trace whatever comes after', () => {
    const store = new TraceStore({ maxBytes: MB });
    fill(
      store,
      [1, 2, 3].map((n) => span({ traceId: id(1, 32), spanId: id(n) })),
    );
    const ref = store.lookUp(id(1, 32));
    expect(ref && store.archive(ref)).to.equal(true);
    fillUp(store);
    expect(spansOf(store, id(1, 32))).to.equal(3);
    expect(store.bytes).to.be.at.most(MB);
  });

  it('has an archive that can be full', () => {
    const store = new TraceStore({ maxBytes: MB });
    const results = Array.from({ length: 400 }, (_, index) => {
      fill(store, [noisySpan(index)]);
      const ref = store.lookUp(id(index + 1, 32));
      return ref && store.archive(ref);
    });
    expect(results[0]).to.equal(true);
    expect(results.at(-1)).to.equal(false);
  });

  it('refuses more spans than anybody can look at in one trace', () => {
    const store = new TraceStore({ maxBytes: 64 * MB });
    const crowd = Array.from({ length: TRACE_SPANS_MAX + 2 }, (_, n) =>
      span({ spanId: id(n + 1) }),
    );
    const results = fill(store, crowd);
    expect(results.filter((result) => result === 'crowded')).to.have.length(2);
  });

  it('marks what its spans were', () => {
    const store = new TraceStore({ maxBytes: MB });
    fill(store, [span({ traceId: id(1, 32), spanId: id(1), durationMs: 5 })]);
    fill(store, [
      { ...span({ traceId: id(1, 32), spanId: id(2), startMs: 20 }), status: { code: 2 } },
    ]);
    const { slot } = store.lookUp(id(1, 32)) ?? { slot: -1 };
    const { table } = store;
    expect([table.spans[slot], table.errors[slot], table.flags[slot]]).to.deep.equal([
      2,
      1,
      FLAG.error,
    ]);
    expect([table.shortestUs[slot], table.longestUs[slot]]).to.deep.equal([5_000, 100_000]);
  });
});

function noisySpan(index: number): OtlpSpan {
  return span({ traceId: id(index + 1, 32), spanId: id(1), attributes: [noise(index)] });
}

/** More other traces than there is room for. */
function fillUp(store: TraceStore): void {
  for (let first = 1; first < 3_000; first += 50) {
    fill(
      store,
      Array.from({ length: 50 }, (_, n) => noisySpan(first + n)),
    );
    store.reclaim();
  }
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

function fill(store: TraceStore, spans: readonly OtlpSpan[], slow = false): Added[] {
  return eachSpan(store, { spans, slow });
}

function spansOf(store: TraceStore, traceId: string): number {
  const ref = store.lookUp(traceId);
  let count = 0;
  if (ref) store.visit(ref, () => (count += 1) > 0);
  return count;
}
