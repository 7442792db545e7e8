import { expect } from 'chai';
import fc from 'fast-check';
import { criticalPath, criticalUs } from './critical-path.ts';
import { selfUs } from './self-time.ts';
import type { Span } from './span.ts';
import { spanOf } from './trace-samples.ts';
import { buildTree } from './tree.ts';

function pathOf(...spans: Span[]): string[] {
  const [root] = buildTree(spans).roots;
  return (root ? criticalPath(root) : []).map(
    ({ node, fromUs, toUs }) => `${node.span.id} ${fromUs}-${toUs}`,
  );
}

describe('the critical path', () => {
  const top = spanOf('top', '', { at: [0, 100] });

  it('goes through calls made one after the other', () => {
    const [a, b] = [spanOf('a', 'top', { at: [10, 30] }), spanOf('b', 'top', { at: [40, 90] })];
    expect(pathOf(top, a, b)).to.deep.equal([
      'top 0-10',
      'a 10-30',
      'top 30-40',
      'b 40-90',
      'top 90-100',
    ]);
  });

  it('takes the one that was waited for of calls made together', () => {
    const short = spanOf('short', 'top', { at: [10, 40] });
    const long = spanOf('long', 'top', { at: [10, 80] });
    expect(pathOf(top, short, long)).to.deep.equal(['top 0-10', 'long 10-80', 'top 80-100']);
  });

  it('goes down to what the waiting was for', () => {
    const call = spanOf('call', 'top', { at: [20, 80] });
    const query = spanOf('query', 'call', { at: [30, 80] });
    expect(pathOf(top, call, query)).to.deep.equal([
      'top 0-20',
      'call 20-30',
      'query 30-80',
      'top 80-100',
    ]);
  });

  it('leaves out what was done later from a queue, and cuts what outlived its caller', () => {
    const queued = spanOf('queued', 'top', { at: [20, 90], kind: 'consumer' });
    const late = spanOf('late', 'top', { at: [60, 150] });
    expect(pathOf(top, queued, late)).to.deep.equal(['top 0-60', 'late 60-100']);
  });

  it('forgives what start times are rounded by', () => {
    const [a, b] = [spanOf('a', 'top', { at: [10, 51] }), spanOf('b', 'top', { at: [50, 90] })];
    expect(pathOf(top, a, b)).to.deep.equal(['top 0-10', 'a 10-50', 'b 50-90', 'top 90-100']);
    const c = spanOf('c', 'top', { at: [10, 60] });
    expect(pathOf(top, c, b)).to.deep.equal(['top 0-50', 'b 50-90', 'top 90-100']);
  });

  it('has no gaps and adds up to the duration of the whole', () => {
    const time = fc.nat(200);
    const span = fc.record({ parent: fc.nat(9), from: time, long: time });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 15 }), (list) => {
        const spans = list.map(({ parent, from, long }, at) =>
          spanOf(`${at}`, `${Math.min(parent, at)}`, { at: [from, from + long] }),
        );
        const tree = buildTree([spanOf('top', '', { at: [0, 300] }), ...spans.map(underTop)]);
        const [root] = tree.roots;
        const sections = root ? criticalPath(root) : [];
        let until = 0;
        for (const { fromUs, toUs } of sections) {
          expect(fromUs).to.equal(until);
          until = toUs;
        }
        expect(until).to.equal(300);
      }),
    );
  });

  it('says how much each span is of it', () => {
    const call = spanOf('call', 'top', { at: [20, 80] });
    const [root] = buildTree([top, call]).roots;
    const totals = criticalUs(root ? criticalPath(root) : []);
    expect([...totals].map(([{ span }, us]) => [span.id, us])).to.deep.equal([
      ['top', 40],
      ['call', 60],
    ]);
  });
});

function underTop(span: Span): Span {
  return span.parentId === span.id ? { ...span, parentId: 'top' } : span;
}

describe("a span's own time", () => {
  it('is what its calls leave of it, counted once where they overlap', () => {
    const spans = [
      spanOf('top', '', { at: [0, 100] }),
      spanOf('a', 'top', { at: [10, 40] }),
      spanOf('b', 'top', { at: [20, 50] }),
      spanOf('within', 'top', { at: [25, 30] }),
      spanOf('over', 'top', { at: [90, 140] }),
      spanOf('queued', 'top', { at: [60, 70], kind: 'consumer' }),
    ];
    const [root] = buildTree(spans).roots;
    expect(root && selfUs(root)).to.equal(100 - 40 - 10);
  });
});
