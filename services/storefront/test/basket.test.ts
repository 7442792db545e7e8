import { seedId } from '@faultline/chassis/ids';
import { expect } from 'chai';
import { kettle, pan } from './sample.ts';
import { openShop, type Shop } from './shop.ts';

const COOKIE = 'faultline_basket';
const cookie = `${COOKIE}=${kettle.id}.2~${pan.id}.1`;

describe('storefront: basket', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(async () => await shop.close());

  it('takes a product and shows the basket', async () => {
    const fields = { product_id: kettle.id, quantity: '2' };
    const { status, location, cookies } = await shop.post('/basket/items', fields);
    expect(status).to.equal(303);
    expect(location).to.equal('/basket?note=added');
    expect(cookies[0]).to.match(
      new RegExp(`^${COOKIE}=${kettle.id}\\.2; Max-Age=\\d+; Path=/; HttpOnly`),
    );
  });

  it('adds up what it already holds', async () => {
    const { cookies } = await shop.post('/basket/items', { product_id: kettle.id }, { cookie });
    expect(cookies[0]).to.contain(`${kettle.id}.3~${pan.id}.1`);
  });

  it('is not changed by one product too many', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `${seedId('p', String(index))}.1`);
    const full = `${COOKIE}=${lines.join('~')}`;
    const sent = { cookie: full };
    const { location, cookies } = await shop.post('/basket/items', { product_id: pan.id }, sent);
    expect(location).to.equal('/basket?note=full');
    expect(cookies).to.deep.equal([]);
    expect((await shop.get('/basket?note=full', sent)).text).to.contain('this one did not fit');
  });

  it('shows the catalog’s prices of now, never any from the browser', async () => {
    const { text } = await shop.get('/basket', { cookie });
    for (const price of ['€98.00', '€35.50', '<strong>€133.50</strong>']) {
      expect(text).to.contain(price);
    }
    expect(text).to.contain('href="/checkout"');
  });

  it('counts its things at the top of every page', async () => {
    expect((await shop.get('/sign-in', { cookie })).text).to.contain(
      '<span class="count">3</span>',
    );
  });

  it('warns of lines that are not in stock', async () => {
    shop.world.available = new Map([[kettle.id, 1]]);
    const { text } = await shop.get('/basket', { cookie });
    expect(text).to.contain('Only 1 left').and.contain('Sold out');
  });

  it('changes quantities; 0 takes a product out; what is not in it stays out', async () => {
    const fields = {
      [`quantity.${kettle.id}`]: '5',
      [`quantity.${pan.id}`]: '0',
      [`quantity.${seedId('product', 'other')}`]: '7',
    };
    const { status, location, cookies } = await shop.post('/basket', fields, { cookie });
    expect(status).to.equal(303);
    expect(location).to.equal('/basket?note=changed');
    expect(cookies[0]).to.match(new RegExp(`^${COOKIE}=${kettle.id}\\.5;`));
  });

  it('removes one product by a button that Enter in a quantity does not press', async () => {
    const { text } = await shop.get('/basket', { cookie });
    expect(text).to.match(/<button type="submit" class="plain" form="remove" name="remove"/);
    const { cookies } = await shop.post('/basket', { remove: kettle.id }, { cookie });
    expect(cookies[0]).to.match(new RegExp(`^${COOKIE}=${pan.id}\\.1;`));
  });

  it('does not let what is no longer sold be checked out', async () => {
    shop.world.products = [kettle];
    const { text } = await shop.get('/basket', { cookie });
    expect(text).to.contain('No longer sold').and.contain('Remove what is no longer sold');
    expect(text).not.to.contain('href="/checkout"');
  });

  it('shows the last known prices, with their time, while the catalog is down', async () => {
    await shop.get('/basket', { cookie });
    shop.world.trouble.set('catalog', 'down');
    const { status, text } = await shop.get('/basket', { cookie });
    expect(status).to.equal(200);
    expect(text).to.contain('€133.50').and.contain('As of <time').and.contain('href="/checkout"');
  });

  it('keeps what it cannot name while the catalog is down; the check-out waits', async () => {
    shop.world.trouble.set('catalog', 'down');
    const { text } = await shop.get('/basket', { cookie });
    expect(text).to.contain('A product we cannot name right now').and.contain('unknown right now');
    expect(text).not.to.contain('href="/checkout"');
  });

  for (const [what, fields] of [
    ['a quantity of nothing', { product_id: kettle.id, quantity: '0' }],
    ['half a product', { product_id: kettle.id, quantity: '0.5' }],
    ['a price', { product_id: kettle.id, price: '1' }],
    ['no product', { quantity: '1' }],
    ['SQL', { product_id: "'; DROP TABLE products; --" }],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { status, cookies } = await shop.post('/basket/items', fields);
      expect(status).to.equal(400);
      expect(cookies).to.deep.equal([]);
    });
  }

  it('refuses quantities that are none', async () => {
    const fields = { [`quantity.${kettle.id}`]: '-1' };
    expect((await shop.post('/basket', fields, { cookie })).status).to.equal(400);
  });
});
