import { expect } from 'chai';
import { describeSidecars, foldSidecars } from './fold.ts';
import { SIDECAR } from './span.ts';
import { type Sample, spanOf } from './trace-samples.ts';

function proxy(id: string, parentId: string, sample: Sample = {}) {
  return spanOf(id, parentId, { service: SIDECAR, instance: 'shop-1', ...sample });
}

describe('folding sidecars', () => {
  const call = spanOf('call', 'top', { kind: 'client' });
  const hop = [
    proxy('out', 'call', { kind: 'server', at: [1, 99] }),
    proxy('try', 'out', { kind: 'client', at: [2, 98] }),
    proxy('in', 'try', { kind: 'server', instance: 'stock-1', at: [3, 97] }),
    proxy('app', 'in', { kind: 'client', instance: 'stock-1', at: [4, 96] }),
  ];
  const served = spanOf('served', 'app', { service: 'stock', kind: 'server' });

  it('lets services call each other directly, and keeps what was between', () => {
    const { spans, sidecars } = foldSidecars([spanOf('top'), call, served, ...hop.toReversed()]);
    expect(spans.map(({ id, parentId }) => [id, parentId])).to.deep.equal([
      ['top', ''],
      ['call', 'top'],
      ['served', 'call'],
    ]);
    expect([...sidecars].map(([id, list]) => [id, list.map((one) => one.id)])).to.deep.equal([
      ['call', ['out', 'try', 'in', 'app']],
    ]);
  });

  it('keeps the spans of sidecars that no service is above of, also in circles', () => {
    const lone = [proxy('lone', 'lost'), spanOf('served', 'lone')];
    expect(foldSidecars(lone).spans).to.deep.equal(lone);
    const circle = [proxy('a', 'b'), proxy('b', 'a')];
    expect(foldSidecars(circle).spans).to.deep.equal(circle);
  });

  it('tells of tries and of calls that never left', () => {
    const again = proxy('again', 'out', { kind: 'client', at: [50, 60] });
    expect(describeSidecars([...hop, again])).to.equal('2 tries');
    expect(describeSidecars(hop)).to.equal('');
    expect(describeSidecars(hop.slice(0, 1))).to.equal('answered by the sidecar');
    expect(describeSidecars([])).to.equal('');
  });
});
