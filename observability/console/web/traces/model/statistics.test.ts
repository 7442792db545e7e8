import { expect } from 'chai';
import { compareTraces } from './compare.ts';
import { flameGraph } from './flame.ts';
import { statistics } from './statistics.ts';
import { spanOf } from './trace-samples.ts';
import { buildTree } from './tree.ts';

const top = spanOf('top', '', { at: [0, 100] });
const query = (id: string, at: [number, number], more = {}) =>
  spanOf(id, 'top', { operation: 'query', service: 'stock', at, ...more });
const tree = buildTree([top, query('a', [10, 30]), query('b', [40, 80], { isError: true })]);

describe('statistics of a trace', () => {
  it('say where the time went, by operation', () => {
    const [first, second] = statistics(tree, 'operation');
    expect(first).to.include({
      service: 'stock',
      operation: 'query',
      count: 2,
      errors: 1,
      totalUs: 60,
      averageUs: 30,
      p95Us: 40,
      maxUs: 40,
      selfUs: 60,
      criticalUs: 60,
    });
    expect(first?.slowest.span.id).to.equal('b');
    expect(second).to.include({ operation: 'top', selfUs: 40, criticalUs: 40 });
  });

  it('say it by service', () => {
    const rows = statistics(tree, 'service').map(({ service, operation, count }) => [
      service,
      operation,
      count,
    ]);
    expect(rows).to.deep.equal([
      ['stock', '', 2],
      ['shop', '', 1],
    ]);
  });

  it('take the 95th percentile by nearest rank', () => {
    const spans = Array.from({ length: 100 }, (_, at) =>
      spanOf(`${at}`, '', { operation: 'one', at: [0, at + 1] }),
    );
    expect(statistics(buildTree(spans), 'operation')[0]?.p95Us).to.equal(95);
  });
});

describe('a flame graph', () => {
  it('joins what came by the same way, and is as wide as the work', () => {
    const frames = flameGraph(tree).map(({ operation, depth, left, width, errors, nodes }) => ({
      operation,
      depth,
      left,
      width,
      errors,
      count: nodes.length,
    }));
    expect(frames).to.deep.equal([
      { operation: 'top', depth: 0, left: 0, width: 1, errors: 0, count: 1 },
      { operation: 'query', depth: 1, left: 0, width: 0.6, errors: 1, count: 2 },
    ]);
  });

  it('never is wider below than above, also when calls overlap', () => {
    const wide = buildTree([top, query('a', [0, 90]), query('b', [5, 95], { operation: 'other' })]);
    const [root, ...children] = flameGraph(wide);
    expect(root?.totalUs).to.equal(5 + 90 + 90);
    expect(children.reduce((sum, { width }) => sum + width, 0)).to.be.at.most(1);
    expect(children[1]?.left).to.equal(children[0]?.width);
  });

  it('shows a trace of no duration', () => {
    const frames = flameGraph(buildTree([spanOf('top', '', { at: [0, 0] })]));
    expect(frames.map(({ width }) => width)).to.deep.equal([0]);
  });
});

describe('comparing two traces', () => {
  it('finds what came, went, multiplied and slowed down', () => {
    const after = buildTree([
      spanOf('top', '', { at: [0, 200] }),
      query('a', [10, 60]),
      query('b', [60, 110]),
      query('c', [110, 160]),
      spanOf('mail', 'top', { at: [170, 180] }),
    ]);
    const before = buildTree([
      top,
      query('a', [10, 30]),
      spanOf('log', 'top', { at: [40, 50] }),
      spanOf('write', 'log', { at: [41, 42] }),
    ]);
    const rows = compareTraces(before, after);
    expect(rows.map(({ operation, depth, change }) => [operation, depth, change])).to.deep.equal([
      ['top', 0, 'same'],
      ['query', 1, 'more'],
      ['mail', 1, 'added'],
      ['log', 1, 'removed'],
      ['write', 2, 'removed'],
    ]);
    expect(rows.map(({ slowerUs }) => slowerUs)).to.deep.equal([100, 30, 0, 0, 0]);
    expect(rows[1]?.selfGrownUs).to.equal(130);
  });

  it('finds nothing between a trace and itself', () => {
    const rows = compareTraces(tree, tree);
    expect(rows.every(({ change, slowerUs }) => change === 'same' && slowerUs === 0)).to.equal(
      true,
    );
  });

  it('keeps tops apart that have nothing in common', () => {
    const other = buildTree([spanOf('other')]);
    expect(compareTraces(tree, other).map(({ change }) => change)).to.deep.equal([
      'added',
      'removed',
      'removed',
    ]);
  });
});
