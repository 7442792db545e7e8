import { expect } from 'chai';
import { failingNodes, isAbsorbed, reasonOf } from './failing.ts';
import { spanOf } from './trace-samples.ts';
import { buildTree } from './tree.ts';

describe('where errors began', () => {
  const failed = (id: string, parentId: string, at: [number, number]) =>
    spanOf(id, parentId, { isError: true, at });

  it('is at the deepest failure, those first that reached the top', () => {
    const tree = buildTree([
      failed('top', '', [0, 100]),
      failed('absorbed query', 'fine', [5, 6]),
      spanOf('fine', 'top', { at: [4, 10] }),
      failed('call', 'top', [20, 80]),
      failed('first try', 'call', [21, 30]),
      failed('second try', 'call', [40, 60]),
    ]);
    const found = failingNodes(tree);
    expect(found.map(({ span }) => span.id)).to.deep.equal([
      'first try',
      'second try',
      'absorbed query',
    ]);
    expect(found.map(isAbsorbed)).to.deep.equal([false, false, true]);
  });

  it('is nowhere in a trace without errors', () => {
    expect(failingNodes(buildTree([spanOf('top')]))).to.deep.equal([]);
  });

  it('gives the reason once', () => {
    const span = spanOf('call', '', {
      attributes: [
        { key: 'http.response.status_code', value: 503 },
        { key: 'error.type', value: '503' },
      ],
      events: [
        { atUs: 1, name: 'exception', attributes: [{ key: 'exception.type', value: 'Refused' }] },
      ],
    });
    const [node] = buildTree([span]).nodes;
    expect(node && reasonOf(node)).to.equal('503, Refused');
  });
});
