import { ProblemError } from '@faultline/chassis/errors';
import { expect } from 'chai';
import { accountId, address, kettle, order, pan } from './sample.ts';
import { type Answer, openShop, type Shop } from './shop.ts';

const items = `${kettle.id}.2`;
const cookie = `faultline_basket=${items}`;
const signedIn = { signedIn: true, cookie };

/** The value of a hidden field as the page was rendered. */
function hidden({ text }: Answer, name: string): string {
  return new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? '';
}

describe('storefront: check-out', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(async () => await shop.close());

  async function fill(changes: Record<string, string> = {}): Promise<Record<string, string>> {
    const page = await shop.get('/checkout', signedIn);
    return {
      key: hidden(page, 'key'),
      items: hidden(page, 'items'),
      address: address.id,
      payment: 'tok_ok',
      ...changes,
    };
  }

  it('asks those who are not signed in to sign in first, and leads back', async () => {
    const { status, location } = await shop.get('/checkout', { cookie });
    expect(status).to.equal(303);
    expect(location).to.equal('/sign-in?next=%2Fcheckout');
  });

  it('goes to the basket when there is nothing to buy', async () => {
    expect((await shop.get('/checkout', { signedIn: true })).location).to.equal('/basket');
  });

  it('shows addresses, ways to pay in plain words, and the total', async () => {
    const { text, headers } = await shop.get('/checkout', signedIn);
    expect(text).to.contain('12 St James Square').and.contain('Another address');
    expect(text).to.contain('Test card that is declined').and.contain('<strong>€98.00</strong>');
    expect(text).to.contain('Place order');
    expect(headers.get('cache-control')).to.equal('private, no-store');
  });

  it('asks for an address when the account has none', async () => {
    shop.world.addresses = [];
    const { text } = await shop.get('/checkout', signedIn);
    expect(text).to.contain('<input type="hidden" name="address" value="new"/>');
    expect(text).to.match(/id="line1"[^>]* autocomplete="shipping address-line1" required/);
  });

  it('places the order and leads to it, with an empty basket', async () => {
    const { status, location, cookies } = await shop.post('/checkout', await fill(), signedIn);
    expect(status).to.equal(303);
    expect(location).to.equal(`/orders/${order().id}`);
    expect(cookies[0]).to.match(/^faultline_basket=; Max-Age=0/);
    expect(shop.world.principals).to.deep.equal([accountId]);
    const { id: _id, ...shipping_address } = address;
    expect(shop.world.placed[0]?.body).to.deep.equal({
      items: [{ product_id: kettle.id, quantity: 2 }],
      shipping_address,
      payment: { token: 'tok_ok' },
    });
  });

  it('orders what the form showed, and keeps what was put into the basket since', async () => {
    const fields = await fill();
    const now = { signedIn: true, cookie: `${cookie}~${pan.id}.1` };
    const { cookies } = await shop.post('/checkout', fields, now);
    expect(shop.world.placed[0]?.body.items).to.deep.equal([
      { product_id: kettle.id, quantity: 2 },
    ]);
    expect(cookies[0]).to.contain(`faultline_basket=${pan.id}.1;`);
  });

  it('gives every rendered form its own key, and sends a form twice as one order', async () => {
    const [fields, other] = [await fill(), await fill()];
    expect(fields['key']).not.to.equal(other['key']);
    await shop.post('/checkout', fields, signedIn);
    const again = await shop.post('/checkout', fields, { signedIn: true });
    expect(again.location).to.equal(`/orders/${order().id}`);
    const [first, second] = shop.world.placed;
    expect(first).to.deep.equal(second);
    expect(first?.key).to.equal(fields['key']);
  });

  it('waits for the first sending of a form that is still at work', async () => {
    let sendings = 0;
    shop.world.place = async () => {
      sendings += 1;
      if (sendings < 2)
        throw new ProblemError('conflict', 'Busy.', { reason: 'request_in_progress' });
      return { status: 202, body: order({ status: 'pending' }) };
    };
    const { location } = await shop.post('/checkout', await fill(), signedIn);
    expect(location).to.equal(`/orders/${order().id}`);
    expect(sendings).to.equal(2);
  });

  it('sends a typed address, and keeps it once when asked to', async () => {
    const { id: _id, ...typed } = { ...address, city: 'Paris', country: 'FR' };
    const { line2: _line2, ...there } = typed;
    const fields = await fill({ ...there, address: 'new', save: 'yes' });
    await shop.post('/checkout', fields, signedIn);
    await shop.post('/checkout', fields, signedIn);
    expect(shop.world.placed[0]?.body.shipping_address.city).to.equal('Paris');
    expect(shop.world.addresses.map(({ city }) => city)).to.deep.equal(['London', 'Paris']);
  });

  it('marks the fields that do not fit and keeps what was typed, and the key', async () => {
    const fields = await fill({ address: 'new', name: 'Ada', line1: '1 <Road>', country: 'GB' });
    const page = await shop.post('/checkout', fields, signedIn);
    expect(page.status).to.equal(422);
    expect(page.text).to.contain('<p class="error" id="city-error">Please fill this in.</p>');
    expect(page.text).to.match(/id="city"[^>]*aria-invalid="true" aria-describedby="city-error"/);
    expect(page.text).to.contain('value="1 &lt;Road>"');
    expect(hidden(page, 'key')).to.equal(fields['key']);
    expect(shop.world.placed).to.deep.equal([]);
  });

  it('does not send an order to an address that is not the account’s', async () => {
    const page = await shop.post('/checkout', await fill({ address: kettle.id }), signedIn);
    expect(page.status).to.equal(422);
    expect(page.text).to.contain('Please choose an address.');
    expect(shop.world.placed).to.deep.equal([]);
  });

  for (const [what, error, status] of [
    ['a declined card', new ProblemError('payment_required', 'No.'), 402],
    ['a sold-out product', new ProblemError('conflict', 'Gone.', { reason: 'out_of_stock' }), 409],
  ] as const) {
    it(`shows the form again after ${what}, with a fresh key and the basket kept`, async () => {
      shop.world.place = () => Promise.reject(error);
      const fields = await fill({ payment: 'tok_declined' });
      const page = await shop.post('/checkout', fields, signedIn);
      expect(page.status).to.equal(status);
      expect(page.text).to.contain('Nothing was charged.');
      expect(hidden(page, 'key'))
        .to.match(/^[0-9a-f-]{36}$/)
        .and.not.equal(fields['key']);
      expect(page.text).to.match(/value="tok_declined" checked/);
      expect(page.cookies).to.deep.equal([]);
    });
  }

  it('says at each line what there is not enough of', async () => {
    const short = [{ product_id: kettle.id, available: 1 }];
    const options = { reason: 'out_of_stock', extensions: { items: short } };
    shop.world.place = () => Promise.reject(new ProblemError('conflict', 'Too few.', options));
    const { text } = await shop.post('/checkout', await fill(), signedIn);
    expect(text).to.contain('2 × Slow kettle').and.contain('href="/basket">Only 1 left</a>');
  });

  for (const [trouble, words] of [
    ['down', 'Your order was not placed. Nothing was charged.'],
    ['broken', 'We do not know yet whether your order went through'],
  ] as const) {
    it(`keeps basket, form and key when orders is ${trouble}`, async () => {
      shop.world.trouble.set('orders', trouble);
      const fields = await fill();
      const page = await shop.post('/checkout', fields, signedIn);
      expect(page.status).to.equal(503);
      expect(page.text).to.contain(words).and.contain('Place order');
      expect(hidden(page, 'key')).to.equal(fields['key']);
      expect(page.cookies).to.deep.equal([]);
    });
  }

  it('answers in time although orders never does', async () => {
    shop.world.trouble.set('orders', 'silent');
    const headers = { 'x-request-timeout-ms': '1500' };
    const page = await shop.post('/checkout', await fill(), { ...signedIn, headers });
    expect(page.status).to.equal(503);
    expect(page.text).to.contain('We do not know yet').and.contain('Slow kettle');
  });

  it('lets an address be typed while profiles is down', async () => {
    shop.world.trouble.set('profiles', 'down');
    const page = await shop.get('/checkout', signedIn);
    expect(page.status).to.equal(200);
    expect(page.text).to.contain('You can type one instead').and.contain('id="line1"');
    const { id: _id, ...typed } = address;
    const { line2: _line2, ...there } = typed;
    const fields = { key: hidden(page, 'key'), items, payment: 'tok_ok', address: 'new', ...there };
    expect((await shop.post('/checkout', fields, signedIn)).status).to.equal(303);
  });

  it('can be used with prices from before while the catalog is down', async () => {
    const fields = await fill();
    shop.world.trouble.set('catalog', 'down');
    const page = await shop.get('/checkout', signedIn);
    expect(page.text).to.contain('Place order').and.contain('As of <time');
    expect((await shop.post('/checkout', fields, signedIn)).status).to.equal(303);
  });

  it('is put off while the catalog is down and prices were never known', async () => {
    shop.world.trouble.set('catalog', 'down');
    expect((await shop.get('/checkout', signedIn)).location).to.equal('/basket');
  });

  for (const [what, changes] of [
    ['a total of its own', { total: '1' }],
    ['items that are none', { items: 'kettle.1' }],
    ['more items than fit', { items: `${items}~${pan.id}.100` }],
    ['a key that is none of ours', { key: 'x\r\ny' }],
  ] as const) {
    it(`refuses a form with ${what}`, async () => {
      expect((await shop.post('/checkout', await fill(changes), signedIn)).status).to.equal(400);
      expect(shop.world.placed).to.deep.equal([]);
    });
  }

  it('does not take a payment token that it did not offer', async () => {
    const page = await shop.post('/checkout', await fill({ payment: 'tok_stolen' }), signedIn);
    expect(page.status).to.equal(422);
    expect(page.text).to.contain('id="payment-error"');
  });
});
