import { expect } from 'chai';
import { OperationNames } from './operation-names.ts';

describe('OperationNames', () => {
  it('lists an operation once for each kind of span it has', () => {
    const names = new OperationNames();
    for (const kind of [2, 3, 2]) names.note('web', 'GET', kind);
    expect(names.services()).to.deep.equal(['web']);
    expect(names.operations('web')).to.deep.equal([
      { name: 'GET', kind: 2 },
      { name: 'GET', kind: 3 },
    ]);
  });

  it('does not keep names that are too long or too many', () => {
    const names = new OperationNames();
    names.note('web', 'x'.repeat(100_000), 2);
    names.note('y'.repeat(100_000), 'GET', 2);
    for (let n = 0; n < 20_000; n++) names.note('web', `GET /${n}`, 2);
    expect(names.services()).to.deep.equal(['web']);
    expect(names.operations('web')).to.have.length(10_000);
  });
});
