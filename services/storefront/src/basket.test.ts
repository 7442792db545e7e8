import { seedId } from '@faultline/chassis/ids';
import { expect } from 'chai';
import {
  addToBasket,
  basketCookie,
  basketLinesMax,
  countItems,
  formatBasket,
  parseBasket,
} from './basket.ts';

const ids = Array.from({ length: basketLinesMax + 1 }, (_, index) => seedId('p', String(index)));
const [first = '', second = ''] = ids;

describe('basket', () => {
  it('survives being written to a cookie and read again', () => {
    const basket = new Map([
      [first, 2],
      [second, 99],
    ]);
    expect([...parseBasket(formatBasket(basket))]).to.deep.equal([...basket]);
  });

  for (const [what, text] of [
    ['no basket', ''],
    ['an id that is none', 'kettle.1'],
    ['a quantity of nothing', `${first}.0`],
    ['a quantity below nothing', `${first}.-1`],
    ['a quantity that is no whole number', `${first}.1e1`],
    ['more than anyone can carry', `${first}.100`],
    ['markup', '<script>.1'],
  ] as const) {
    it(`leaves out ${what}`, () => expect(parseBasket(text).size).to.equal(0));
  }

  it('keeps the first of two lines for one product', () => {
    expect([...parseBasket(`${first}.1~${first}.5`)]).to.deep.equal([[first, 1]]);
  });

  it('reads no more lines than an order may have', () => {
    expect(parseBasket(ids.map((id) => `${id}.1`).join('~')).size).to.equal(basketLinesMax);
  });

  it('adds to what is there, up to the most that can be ordered', () => {
    const basket = new Map([[first, 2]]);
    expect(addToBasket(basket, first, 3)?.get(first)).to.equal(5);
    expect(addToBasket(basket, first, 98)?.get(first)).to.equal(99);
    expect(basket.get(first), 'the basket given').to.equal(2);
  });

  it('has no room for one product too many, but for more of the same', () => {
    const full = new Map(ids.slice(0, basketLinesMax).map((id) => [id, 1]));
    expect(addToBasket(full, ids[basketLinesMax] ?? '', 1)).to.equal(null);
    expect(countItems(addToBasket(full, first, 1) ?? new Map())).to.equal(basketLinesMax + 1);
  });

  it('is kept where scripts cannot read it, and is forgotten when empty', () => {
    const cookie = basketCookie(new Map([[first, 1]]), { secure: true });
    expect(cookie).to.match(/; HttpOnly; SameSite=Lax; Secure$/);
    expect(basketCookie(new Map(), { secure: false })).to.contain('Max-Age=0');
  });
});
