import { expect } from 'chai';
import fc from 'fast-check';
import { entriesFor } from './ledger.ts';

describe('ledger entries', () => {
  it('sum to zero, and a refund undoes its capture account by account', () => {
    const amounts = fc.integer({ min: 0, max: 100_000_000 });
    fc.assert(
      fc.property(amounts, (amount) => {
        const capture = entriesFor('capture', amount);
        const refund = entriesFor('refund', amount);
        expect(capture.reduce((sum, entry) => sum + entry.amount, 0)).to.equal(0);
        for (const [index, entry] of capture.entries()) {
          expect(refund[index]?.account).to.equal(entry.account);
          expect(entry.amount + (refund[index]?.amount ?? NaN)).to.equal(0);
        }
      }),
    );
  });

  it('debit what the provider owes and credit sales when money is taken', () => {
    expect(entriesFor('capture', 500)).to.deep.equal([
      { account: 'provider_receivable', amount: 500 },
      { account: 'sales', amount: -500 },
    ]);
  });
});
