import { expect } from 'chai';
import { History } from '../../../store/src/watch/history.ts';
import { aFrame, aNode, anEdge } from '../testing/samples.ts';
import { decodeHistory } from './history.ts';

describe('the history that the store keeps', () => {
  it('is read back as the frames that went into it', () => {
    const nodes = [
      aNode('catalog', { busy: 0.5, versions: [{ version: '1.0.0', share: 1, instances: 2 }] }),
      aNode('orders.events', { kind: 'queue', state: 'unknown', waiting: 3 }),
    ];
    const edges = [anEdge('orders', 'catalog', { p50Ms: 3, p95Ms: 40, mtls: true })];
    const frames = [aFrame(1_000, { nodes, edges }), aFrame(3_000)];
    const history = new History();
    for (const { atMs, ...frame } of frames) {
      history.add({
        atMs,
        nodes: frame.nodes.map((node) => ({ ...node, versions: [...node.versions] })),
        edges: [...frame.edges],
      });
    }
    expect(decodeHistory(JSON.parse([...history.json()].join('')))).to.deep.equal(frames);
  });
});
