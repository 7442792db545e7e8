import { expect } from 'chai';
import { findShortages, normalizeItems, sameItems } from './items.ts';

const a = { product_id: 'a', quantity: 1 };
const b = { product_id: 'b', quantity: 2 };

describe('items of a reservation', () => {
  it('are ordered by product, one for each, quantities added up', () => {
    expect(normalizeItems([b, a, { product_id: 'b', quantity: 3 }])).to.deep.equal([
      a,
      { product_id: 'b', quantity: 5 },
    ]);
  });

  it('are the same only with equal products and quantities', () => {
    expect(sameItems([a, b], [a, b])).to.equal(true);
    expect(sameItems([a], [a, b])).to.equal(false);
    expect(sameItems([a, b], [a, { ...b, quantity: 3 }])).to.equal(false);
    expect(sameItems([a], [{ ...a, product_id: 'b' }])).to.equal(false);
  });

  it('fall short where there is less than asked for, or nothing known', () => {
    expect(findShortages([a, b], new Map([['b', 1]]))).to.deep.equal([
      { product_id: 'a', requested: 1, available: 0 },
      { product_id: 'b', requested: 2, available: 1 },
    ]);
    expect(findShortages([b], new Map([['b', 2]]))).to.deep.equal([]);
  });
});
