import { ProblemError } from '@faultline/chassis/errors';
import { seedId } from '@faultline/chassis/ids';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { accountId, order } from './sample.ts';
import { openShop, type Shop } from './shop.ts';

const { id } = order();
const signedIn = { signedIn: true };

describe('storefront: orders', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(async () => await shop.close());

  it('lists orders and leads to older ones', async () => {
    shop.world.nextCursor = 'older';
    const { text } = await shop.get('/orders', signedIn);
    expect(text).to.contain(`href="/orders/${id}"`).and.contain('Your order is confirmed');
    expect(text).to.contain('href="/orders?cursor=older"').and.contain('2 items');
  });

  it('says so when there are none', async () => {
    shop.world.orders = [];
    expect((await shop.get('/orders', signedIn)).text).to.contain('No orders yet');
  });

  it('shows an order with its steps, its lines and where it goes', async () => {
    const { text } = await shop.get(`/orders/${id}`, signedIn);
    expect(text)
      .to.contain('Your order is confirmed')
      .and.contain('2 × <a href="/products/slow-kettle">');
    expect(text.match(/<li class="done"/g)).to.have.lengthOf(4);
    expect(text).to.contain('12 St James Square');
    expect(text, 'a settled order').not.to.contain('http-equiv="refresh"');
    expect(text, 'a settled order').not.to.contain('data-order=');
  });

  it('reloads itself without scripts while the order is at work', async () => {
    shop.world.orders = [order({ status: 'pending' })];
    const { text } = await shop.get(`/orders/${id}`, signedIn);
    expect(text).to.contain('<noscript><meta http-equiv="refresh" content="3"/></noscript>');
    expect(text).to.contain(`data-order="/orders/${id}/events"`);
  });

  for (const [what, path] of [
    ['an order of nobody or somebody else', `/orders/${seedId('order', 'other')}`],
    ['an id that is none', '/orders/first'],
    ['an id with markup', '/orders/%3Cscript%3E'],
  ] as const) {
    it(`has no page for ${what}`, async () => {
      expect((await shop.get(path, signedIn)).status).to.equal(404);
    });
  }

  it('cancels and shows what becomes of it', async () => {
    const { status, location } = await shop.post(`/orders/${id}/cancel`, {}, signedIn);
    expect(status).to.equal(303);
    expect(location).to.equal(`/orders/${id}`);
  });

  it('offers to cancel only what can be cancelled', async () => {
    shop.world.orders = [order({ status: 'refunded' })];
    const { text } = await shop.get(`/orders/${id}`, signedIn);
    expect(text).to.match(/<form method="post" action="[^"]+\/cancel" hidden/);
  });

  it('says that it was too late to cancel', async () => {
    shop.world.cancel = () => {
      throw new ProblemError('conflict', 'Too late.');
    };
    const { status, text } = await shop.post(`/orders/${id}/cancel`, {}, signedIn);
    expect(status).to.equal(409);
    expect(text).to.contain('can no longer be cancelled').and.contain('Your order is confirmed');
  });

  it('sends those who are not signed in to the list of orders after signing in', async () => {
    const { location } = await shop.post(`/orders/${id}/cancel`, {});
    expect(location).to.equal('/sign-in?next=%2Forders');
  });

  describe('live status', () => {
    const events = `/orders/${id}/events`;

    it('passes the events on as the owner', async () => {
      shop.world.events = [order({ status: 'pending' }), order()];
      const { status, text, headers } = await shop.get(events, signedIn);
      expect(status).to.equal(200);
      expect(headers.get('content-type')).to.match(/^text\/event-stream/);
      expect(headers.get('cache-control')).to.equal('private, no-store');
      expect(text.match(/^event: order$/gm)).to.have.lengthOf(2);
      expect(shop.world.principals).to.deep.equal([accountId]);
    });

    it('is for owners only', async () => {
      expect((await shop.get(events)).status).to.equal(401);
      const other = `/orders/${seedId('order', 'other')}/events`;
      expect((await shop.get(other, signedIn)).status).to.equal(404);
    });

    it('answers programs with problem details when orders is down', async () => {
      shop.world.trouble.set('orders', 'down');
      expect((await shop.get(events, signedIn)).status).to.equal(503);
      const { status, headers } = await shop.get('/orders/first/events', signedIn);
      expect(status).to.equal(404);
      expect(headers.get('content-type')).to.match(/^application\/problem\+json/);
    });

    it('ends when the process drains, and no new stream begins then', async () => {
      shop.world.endless = true;
      const reply = await fetch(`${shop.url}${events}`, { headers: asPrincipal(accountId) });
      const reader = reply.body?.getReader();
      expect((await reader?.read())?.done).to.equal(false);
      shop.streams.end();
      await eventually(async () => expect((await reader?.read())?.done).to.equal(true));
      expect((await shop.get(events, signedIn)).status).to.equal(503);
    });
  });
});
