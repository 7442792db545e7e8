import { expect } from 'chai';
import { Baselines } from './baselines.ts';
import type { SpanRecord } from './model.ts';
import { SETTINGS } from './settings.ts';
import { TraceBook } from './traces.ts';

const settings = { ...SETTINGS, tracesMax: 50, spansMax: 100 };
const NOW = { nowMs: 0, cold: true };

describe('TraceBook', () => {
  it('keeps no more spans than it may, and lets what is well go first', () => {
    const book = new TraceBook(settings, new Baselines(settings));
    book.add(spanOf(0, { isError: true }), NOW);
    for (let trace = 1; trace < 1_000; trace++) {
      for (let span = 0; span < 5; span++) book.add(spanOf(trace, { spanId: String(span) }), NOW);
    }
    expect([...book.suspicious].map(({ id }) => id)).to.deep.equal(['0']);
  });

  it('lets the oldest go when all are suspicious', () => {
    const book = new TraceBook(settings, new Baselines(settings));
    for (let trace = 0; trace < 1_000; trace++) book.add(spanOf(trace, { isError: true }), NOW);
    const kept = [...book.suspicious].map(({ id }) => Number(id));
    expect(kept).to.have.length(50);
    expect(kept[0]).to.equal(950);
  });

  it('looks back at the traces in which a shift began, once it is seen to be one', () => {
    const book = new TraceBook({ ...settings, tracesMax: 500 }, new Baselines(settings));
    const warm = { nowMs: 0, cold: false };
    const took = (trace: number, durationMs: number) =>
      book.add(spanOf(trace, { durationMs }), warm);
    // A start during which every fifth call took far longer hides what comes later.
    for (let trace = 0; trace < 40; trace++) took(trace, trace % 5 === 0 ? 1_500 : 10);
    for (let trace = 40; trace < 100; trace++) took(trace, 10);
    const before = book.suspicious.size;
    for (let trace = 100; trace < 104; trace++) took(trace, 600);
    expect(book.suspicious.size).to.equal(before);
    took(104, 600);
    const found = [...book.suspicious].slice(before).map(({ id }) => Number(id));
    expect(found.toSorted()).to.deep.equal([100, 101, 102, 103, 104]);
  });
});

function spanOf(trace: number, fields: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: String(trace),
    spanId: '1',
    service: 'web',
    kind: 'server',
    name: 'GET /',
    startMs: 0,
    durationMs: 1,
    isError: false,
    attributes: {},
    links: [],
    ...fields,
  };
}
