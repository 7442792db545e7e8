import { expect } from 'chai';
import fc from 'fast-check';
import { spanOf } from './trace-samples.ts';
import { buildTree } from './tree.ts';

describe('the tree of a trace', () => {
  const shape = (...spans: ReturnType<typeof spanOf>[]) =>
    buildTree(spans).nodes.map(({ span, depth }) => `${'.'.repeat(depth)}${span.id}`);

  it('puts parents before children and siblings in the order of their starts', () => {
    const late = spanOf('late', 'top', { at: [50, 60] });
    const below = spanOf('below', 'early', { at: [12, 14] });
    const early = spanOf('early', 'top', { at: [10, 20] });
    expect(shape(late, below, early, spanOf('top'))).to.deep.equal([
      'top',
      '.early',
      '..below',
      '.late',
    ]);
  });

  it('shows spans of missing parents at the top and says why', () => {
    const { roots } = buildTree([spanOf('a'), spanOf('b', 'lost'), spanOf('c', 'b')]);
    expect(roots.map(({ span, cut }) => [span.id, cut])).to.deep.equal([
      ['a', undefined],
      ['b', 'parent missing'],
    ]);
  });

  it('cuts a circle of parents at its earliest span', () => {
    const circle = [
      spanOf('b', 'a', { at: [20, 30] }),
      spanOf('a', 'c', { at: [10, 40] }),
      spanOf('c', 'b', { at: [25, 28] }),
    ];
    expect(shape(...circle)).to.deep.equal(['a', '.b', '..c']);
    expect(buildTree(circle).roots[0]?.cut).to.equal('circular');
    expect(shape(spanOf('own', 'own'))).to.deep.equal(['own']);
  });

  it('gives children of a doubled id to the first of the two', () => {
    const spans = [spanOf('x', '', { at: [5, 9] }), spanOf('x'), spanOf('y', 'x', { at: [6, 7] })];
    expect(buildTree(spans).nodes.map(({ span, depth }) => [span.id, depth])).to.deep.equal([
      ['x', 0],
      ['y', 1],
      ['x', 0],
    ]);
  });

  it('knows what nobody waited for', () => {
    const spans = [
      spanOf('top', '', { at: [0, 100] }),
      spanOf('waited', 'top', { at: [10, 120] }),
      spanOf('queued', 'top', { at: [20, 30], kind: 'consumer' }),
      spanOf('afterwards', 'top', { at: [100, 120] }),
    ];
    const found = buildTree(spans).nodes.map(({ span, isAsync }) => [span.id, isAsync]);
    expect(Object.fromEntries(found)).to.deep.equal({
      top: false,
      waited: false,
      queued: true,
      afterwards: true,
    });
  });

  it('keeps every span once, whatever parents are claimed, and counts those below', () => {
    const id = fc.constantFrom(...'abcdefghij');
    const span = fc.record({ id, parent: fc.option(id, { nil: 'lost' }), start: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 20 }), (list) => {
        const spans = list.map((one) =>
          spanOf(one.id, one.parent, { at: [one.start, one.start + 5] }),
        );
        const { nodes, roots } = buildTree(spans);
        expect(new Set(nodes.map((node) => node.span)).size).to.equal(spans.length);
        const counted = roots.reduce((sum, { below }) => sum + below + 1, 0);
        expect(counted).to.equal(spans.length);
        for (const { parent, index } of nodes) if (parent) expect(parent.index).below(index);
      }),
    );
  });

  it('is as deep as it has to be', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => spanOf(`${at}`, at ? `${at - 1}` : ''));
    expect(buildTree(chain).nodes.at(-1)?.depth).to.equal(19_999);
  });
});
