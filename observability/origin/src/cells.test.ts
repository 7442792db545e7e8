import { expect } from 'chai';
import { cellsOf } from './cells.ts';
import { type Family, Rows } from './rows.ts';

describe('cellsOf', () => {
  const component = { kind: 'service', name: 'orders' } as const;
  const of = { severity: 'soft', sinceMs: 0, isCutOff: false } as const;
  let rows: Rows;

  beforeEach(() => {
    rows = new Rows();
  });

  function counted(
    family: Family,
    instance: string,
    [bad, total]: readonly [number, number],
  ): void {
    rows.row({ family, component, instance, caller: 'gateway' }, 0).soft.add(500, bad, total);
  }

  const cells = () =>
    cellsOf(rows.into(component), of).map(({ instance, bad, total }) => [instance, bad, total]);

  it('are those of sidecars, where these see what is wrong', () => {
    counted('endpoint', 'orders-1', [4, 10]);
    counted('serves', 'orders-1', [5, 10]);
    expect(cells()).to.deep.equal([['orders-1', 4, 10]]);
  });

  it('are those of traces, where buckets are too wide to see it', () => {
    counted('endpoint', 'orders-1', [0.2, 10]);
    counted('endpoint', 'orders-2', [0.2, 10]);
    counted('serves', 'orders-1', [5, 5]);
    counted('serves', 'orders-2', [0, 4]);
    expect(cells()).to.deep.equal([
      ['orders-1', 5, 5],
      ['orders-2', 0, 4],
    ]);
  });

  it('are none where nothing is wrong', () => {
    counted('endpoint', 'orders-1', [0, 10]);
    expect(cells()).to.deep.equal([]);
  });
});
