import { expect } from 'chai';
import { Rows } from './rows.ts';

describe('Rows', () => {
  it('keeps what is in use when somebody makes up names without end', () => {
    const rows = new Rows();
    for (let nowMs = 0; nowMs < 50_000; nowMs++) {
      serves(rows, 'orders', nowMs);
      serves(rows, `made up ${nowMs}`, nowMs);
    }
    expect(rows.components().length).to.be.at.most(8_000);
    expect(rows.into({ kind: 'service', name: 'orders' })).to.have.length(1);
    expect(rows.into({ kind: 'service', name: 'made up 1' })).to.deep.equal([]);
  });
});

function serves(rows: Rows, name: string, nowMs: number): void {
  rows.row({ family: 'serves', component: { kind: 'service', name } }, nowMs);
}
