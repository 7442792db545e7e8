import { expect } from 'chai';
import { Rows, usualShare } from './rows.ts';

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

  it('learns what share of a hop’s calls usually fails', () => {
    const rows = new Rows();
    const component = { kind: 'service', name: 'orders' } as const;
    const row = rows.row({ family: 'endpoint', component }, 0);
    const usual = () => usualShare([row], { severity: 'hard', general: 0.01 });
    expect(usual()).to.equal(0.01);
    for (let second = 0; second < 100; second++) {
      row.hard.add(second * 1_000, 1, 20);
      rows.learn(second * 1_000);
    }
    expect(usual()).to.be.closeTo(0.05, 0.01);
    for (let second = 100; second < 1_000; second++) {
      row.hard.add(second * 1_000, 0, 20);
      rows.learn(second * 1_000);
    }
    expect(usual()).to.be.lessThan(0.01);
  });
});

function serves(rows: Rows, name: string, nowMs: number): void {
  rows.row({ family: 'serves', component: { kind: 'service', name } }, nowMs);
}
