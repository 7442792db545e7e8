import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, formatMoney, parseDecimal } from './money.ts';

describe('money in forms', () => {
  it('reads back every amount that it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (amount) => {
        expect(parseDecimal(decimal(amount))).to.equal(amount);
      }),
    );
  });

  it('reads a comma for a point, and whole amounts', () => {
    expect(['19,9', ' 19.99 ', '7', '0'].map(parseDecimal)).to.deep.equal([1_990, 1_999, 700, 0]);
  });

  it('reads nothing else', () => {
    const wrong = ['', '1e3', '-1', '1.999', '1,000', '.5', '5.', '0x10', '12345678', '1 000', '١'];
    for (const text of wrong) expect(parseDecimal(text), text).to.be.NaN;
  });

  it('is shown as in the shop', () => {
    expect(formatMoney({ amount: 129_900, currency: 'EUR' })).to.equal('€1,299.00');
    expect(formatMoney({ amount: 5, currency: 'GBP' })).to.equal('£0.05');
  });
});
