import { expect } from 'chai';
import { type Cell, type Priors, rank } from './hypotheses.ts';

const orders = { kind: 'service', name: 'orders' } as const;
const even: Priors = { edge: () => -1, instance: () => -1, version: () => -1 };

function top(cells: readonly Cell[], priors: Partial<Priors> = {}) {
  const [first] = rank(orders, { cells, usual: 0.01, priors: { ...even, ...priors } });
  return first?.origin;
}

function cell(bad: number, total: number, of: Omit<Cell, 'bad' | 'total'>): Cell {
  return { bad, total, ...of };
}

describe('rank', () => {
  it('names the whole service when all of its instances fail everybody', () => {
    const cells = [
      cell(5, 6, { caller: 'a', instance: 'o1' }),
      cell(6, 6, { caller: 'a', instance: 'o2' }),
      cell(4, 5, { caller: 'b', instance: 'o1' }),
      cell(5, 5, { caller: 'b', instance: 'o2' }),
    ];
    expect(top(cells)).to.deep.equal({ kind: 'service', service: 'orders' });
  });

  it('names the instance that fails while its siblings do well', () => {
    const cells = [
      cell(6, 6, { caller: 'a', instance: 'o1', version: '1' }),
      cell(0, 7, { caller: 'a', instance: 'o2', version: '1' }),
      cell(0, 6, { caller: 'a', instance: 'o3', version: '1' }),
    ];
    const origin = { kind: 'instance', service: 'orders', version: '1', instance: 'o1' };
    expect(top(cells)).to.deep.equal(origin);
  });

  it('names the version that all failing instances have in common', () => {
    const cells = [
      cell(4, 4, { instance: 'o1', version: '2' }),
      cell(5, 5, { instance: 'o2', version: '2' }),
      cell(0, 9, { instance: 'o3', version: '1' }),
    ];
    expect(top(cells)).to.deep.equal({ kind: 'version', service: 'orders', version: '2' });
  });

  it('prefers a version that has just come to the one instance that has it', () => {
    const cells = [
      cell(4, 4, { instance: 'o1', version: '2' }),
      cell(0, 9, { instance: 'o2', version: '1' }),
    ];
    const deployed = { version: (version: string) => (version === '2' ? 2 : -1) };
    expect(top(cells, deployed)?.kind).to.equal('version');
  });

  it('does not blame a new version for what old ones do as well', () => {
    const cells = [
      cell(9, 10, { instance: 'o1', version: '2' }),
      cell(9, 10, { instance: 'o2', version: '1' }),
    ];
    const deployed = { version: (version: string) => (version === '2' ? 2.5 : -1) };
    expect(top(cells, deployed)?.kind).to.equal('service');
  });

  it('names the way from the one caller whose calls fail', () => {
    const cells = [cell(8, 9, { caller: 'a' }), cell(0, 20, { caller: 'b' })];
    expect(top(cells)).to.deep.equal({
      kind: 'edge',
      service: 'orders',
      edge: { from: 'a', to: 'orders' },
    });
  });

  it('keeps to the service while others have hardly called', () => {
    const cells = [cell(3, 3, { caller: 'a' }), cell(0, 0, { caller: 'b' })];
    expect(top(cells)?.kind).to.equal('service');
  });

  it('knows no instances of a store', () => {
    const cells = [cell(3, 3, { caller: 'a', instance: 'x' }), cell(3, 3, { caller: 'b' })];
    const kinds = rank(
      { kind: 'store', name: 'postgres' },
      { cells, usual: 0.01, priors: even },
    ).map(({ origin }) => origin.kind);
    expect(kinds).to.have.members(['store', 'edge', 'edge']);
  });
});
