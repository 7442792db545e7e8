import { expect } from 'chai';
import { aFrame, aNode, anEdge } from '../testing/samples.ts';
import type { Frame } from '../core/wire.ts';
import { layOut, type Layout } from './layout.ts';
import { edgeService, people, StructureKeeper, withPeople } from './structure.ts';

const ASPECT = 1.4;

function layoutOf(frame: Frame): Layout {
  return layOut(withPeople(new StructureKeeper().add(frame)), ASPECT);
}

/** As many services as asked for, each of which calls up to three later ones, and what they use. */
function largeShop(services: number): Frame {
  const names = Array.from(
    { length: services },
    (_, at) => `service-${String(at).padStart(2, '0')}`,
  );
  const edges = names.flatMap((from, at) =>
    [2 * at + 1, 2 * at + 2, at + 5]
      .filter((to) => to < services)
      .map((to) => anEdge(from, names[to] ?? '')),
  );
  const stores = ['postgres', 'redis'].map((name) => aNode(name, { kind: 'store' }));
  return {
    atMs: 0,
    nodes: [...names.map((name) => aNode(name)), ...stores],
    edges: [...edges, ...names.map((from) => anEdge(from, 'postgres', { kind: 'tcp' }))],
  };
}

function overlaps({ nodes }: Layout): string[] {
  return nodes.flatMap((a, at) =>
    nodes.slice(at + 1).flatMap((b) => {
      const x = (a.width + b.width) / 2 - Math.abs(a.x - b.x);
      const y = (a.height + b.height) / 2 - Math.abs(a.y - b.y);
      return x > 0 && y > 0 ? [`${a.name} and ${b.name}`] : [];
    }),
  );
}

describe('the layout of the map', () => {
  const rowsOf = (layout: Layout) => new Map(layout.nodes.map(({ name, y }) => [name, y]));

  it('puts callers above callees, and stores at the bottom', () => {
    const rows = rowsOf(layoutOf(aFrame(0)));
    const order = ['gateway', 'storefront', 'orders', 'payments', 'postgres'];
    const heights = order.map((name) => rows.get(name) ?? 0);
    expect(heights).to.deep.equal(heights.toSorted((a, b) => a - b));
    expect(new Set(heights).size).to.equal(order.length);
    expect(rows.get(people.name)).to.equal(rows.get('gateway'));
  });

  for (const services of [10, 40]) {
    it(`overlaps nothing and leaves nothing outside with ${services} services`, () => {
      const layout = layoutOf(largeShop(services));
      expect(layout.nodes).to.have.length(services + 3);
      expect(overlaps(layout)).to.deep.equal([]);
      for (const { x, y, width, height } of layout.nodes) {
        expect(x - width / 2).to.be.at.least(0);
        expect(x + width / 2).to.be.at.most(layout.width);
        expect(y + height / 2).to.be.at.most(layout.height);
      }
    });
  }

  it('is the same whatever came first', () => {
    const frame = aFrame(0);
    const turned = { ...frame, nodes: frame.nodes.toReversed(), edges: frame.edges.toReversed() };
    expect(layoutOf(turned)).to.deep.equal(layoutOf(frame));
  });

  it('draws calls that lead in a circle', () => {
    const nodes = ['a', 'b', 'c'].map((name) => aNode(name));
    const edges = [anEdge('a', 'b'), anEdge('b', 'c'), anEdge('c', 'b')];
    expect(layoutOf({ atMs: 0, nodes, edges }).edges).to.have.length(4);
  });
});

describe('the structure of the map', () => {
  it('is the same object while only traffic changes', () => {
    const keeper = new StructureKeeper();
    const first = keeper.add(aFrame(0));
    const quiet = aFrame(1_000);
    expect(keeper.add({ ...quiet, edges: quiet.edges.slice(1) })).to.equal(first);
    expect(keeper.add({ ...quiet, nodes: quiet.nodes.slice(0, -1), atMs: 2_000 })).to.equal(first);
  });

  it('forgets who has been away for long, and what led to them', () => {
    const keeper = new StructureKeeper();
    keeper.add(aFrame(0));
    const without = (atMs: number): Frame => ({
      atMs,
      nodes: aFrame(0).nodes.filter(({ name }) => name !== 'payments'),
      edges: [],
    });
    expect(keeper.add(without(60_000)).nodes.map(({ name }) => name)).to.include('payments');
    const later = keeper.add(without(200_000));
    expect(later.nodes.map(({ name }) => name)).not.to.include('payments');
    expect(later.edges.map(({ to }) => to)).not.to.include('payments');
  });

  it('knows the service that people come to', () => {
    expect(edgeService(withPeople(new StructureKeeper().add(aFrame(0))))).to.equal('gateway');
    expect(edgeService({ nodes: [], edges: [] })).to.equal(undefined);
  });
});
