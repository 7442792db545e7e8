import { expect } from 'chai';
import { priceOrder } from './pricing.ts';

const quote = (product_id: string, amount: number, currency: 'EUR' | 'USD' = 'EUR') => ({
  ...{ product_id, slug: product_id, name: product_id.toUpperCase(), images: [] },
  price: { amount, currency },
});

describe('pricing an order', () => {
  it('multiplies and adds in minor units', () => {
    const items = [
      { product_id: 'a', quantity: 3 },
      { product_id: 'b', quantity: 1 },
    ];
    const { lines, total } = priceOrder(items, [quote('b', 1), quote('a', 1_999)]);
    expect(lines.map((line) => line.total.amount)).to.deep.equal([5_997, 1]);
    expect(total).to.deep.equal({ amount: 5_998, currency: 'EUR' });
  });

  it('names every product that has no price', () => {
    const items = ['a', 'b', 'c'].map((product_id) => ({ product_id, quantity: 1 }));
    expect(() => priceOrder(items, [quote('b', 1)]))
      .to.throw()
      .with.nested.property('options.extensions.items')
      .that.deep.equals([{ product_id: 'a' }, { product_id: 'c' }]);
  });

  for (const [amount, fits] of [
    [100_000_000, true],
    [100_000_001, false],
  ] as const) {
    it(`${fits ? 'takes' : 'refuses'} a total of ${amount}`, () => {
      const price = () => priceOrder([{ product_id: 'a', quantity: 1 }], [quote('a', amount)]);
      if (fits) expect(price().total.amount).to.equal(amount);
      else expect(price).to.throw('100000000');
    });
  }

  it('refuses two currencies', () => {
    const items = ['a', 'b'].map((product_id) => ({ product_id, quantity: 1 }));
    const quotes = [quote('a', 1), quote('b', 1, 'USD')];
    expect(() => priceOrder(items, quotes)).to.throw('one currency');
  });
});
