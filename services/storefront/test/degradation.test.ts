import { seedId } from '@faultline/chassis/ids';
import { expect } from 'chai';
import { type Neighbour, type PageName, pages, planOf } from '../src/pages.ts';
import { address, kettle, order } from './sample.ts';
import { type Answer, openShop, type Shop } from './shop.ts';

const items = `${kettle.id}.1`;
const key = seedId('key', 'one');
const sent = { signedIn: true, cookie: `faultline_basket=${items}` };
const { id: _id, ...there } = address;
const typed = { ...there, line2: '' };
const account = { email: 'ada@example.com', password: 'difference engine' };

/** One good request for each page. */
const requests: Record<PageName, (shop: Shop) => Promise<Answer>> = {
  home: (shop) => shop.get('/', sent),
  category: (shop) => shop.get('/categories/kitchen', sent),
  search: (shop) => shop.get('/search?q=kettle', sent),
  product: (shop) => shop.get('/products/slow-kettle', sent),
  basket: (shop) => shop.get('/basket', sent),
  addToBasket: (shop) => shop.post('/basket/items', { product_id: kettle.id }, sent),
  changeBasket: (shop) => shop.post('/basket', { remove: kettle.id }, sent),
  checkout: (shop) => shop.get('/checkout', sent),
  placeOrder: (shop) =>
    shop.post('/checkout', { key, items, address: 'new', payment: 'tok_ok', ...typed }, sent),
  orders: (shop) => shop.get('/orders', sent),
  order: (shop) => shop.get(`/orders/${order().id}`, sent),
  cancelOrder: (shop) => shop.post(`/orders/${order().id}/cancel`, {}, sent),
  account: (shop) => shop.get('/account', sent),
  changeName: (shop) => shop.post('/account', { account_name: 'Ada' }, sent),
  addAddress: (shop) => shop.post('/account/addresses', typed, sent),
  removeAddress: (shop) => shop.post(`/account/addresses/${address.id}/delete`, {}, sent),
  signIn: (shop) => shop.get('/sign-in'),
  startSession: (shop) => shop.post('/sign-in', account),
  signUp: (shop) => shop.get('/sign-up'),
  createAccount: (shop) => shop.post('/sign-up', { ...account, name: 'Ada' }),
  signOut: (shop) => shop.post('/sign-out', {}, sent),
};

/** Where a page can do without a neighbour and still has nothing to offer without it. */
const unavailable: Partial<Record<PageName, Neighbour>> = {
  category: 'catalog',
  search: 'catalog',
  placeOrder: 'orders',
  startSession: 'profiles',
  createAccount: 'profiles',
};

/** Pages whose prices are known from a moment ago. */
const warmed = new Set<PageName>(['basket', 'checkout']);

const neighbours: readonly Neighbour[] = ['catalog', 'inventory', 'orders', 'profiles'];
const names = Object.keys(pages).filter((name): name is PageName => name in pages);

describe('storefront: pages without a neighbour', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(async () => await shop.close());

  for (const page of names) {
    const { asks, method } = planOf(page);
    const fine = method === 'GET' ? 200 : 303;

    it(`${page} asks nobody but those it names`, async () => {
      for (const name of neighbours) if (!asks[name]) shop.world.trouble.set(name, 'down');
      expect((await requests[page](shop)).status).to.equal(fine);
    });

    for (const name of neighbours) {
      const reliance = asks[name];
      if (!reliance) continue;
      const status = reliance.needed || unavailable[page] === name ? 503 : fine;

      const told = reliance.whenDown || 'nothing is missed';
      it(`${page} without ${name} is a ${status}: ${told}`, async () => {
        if (warmed.has(page)) await shop.get('/basket', sent);
        shop.world.trouble.set(name, 'down');
        const answer = await requests[page](shop);
        expect(answer.status).to.equal(status);
        if (answer.status !== 303) expect(answer.text).to.contain(reliance.whenDown);
        if (reliance.needed) expect(answer.headers.get('retry-after')).to.equal('5');
      });
    }
  }

  it('product lets people buy while nobody knows what is left', async () => {
    shop.world.trouble.set('inventory', 'broken');
    const { text } = await shop.get('/products/slow-kettle');
    expect(text).to.contain('Availability unknown').and.contain('Add to basket');
  });
});
