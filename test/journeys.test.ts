import { randomUUID } from 'node:crypto';
import { eventually } from '@faultline/chassis/testing/eventually';
import { productPage } from '@faultline/contracts/gateway';
import { searchResult, type SearchResult } from '@faultline/contracts/catalog';
import { order } from '@faultline/contracts/orders';
import { sessionCookies } from '@faultline/contracts/profiles';
import { expect } from 'chai';
import type { Api } from './support/api.ts';
import { readCharges } from './support/provider.ts';
import { requireInvariants } from './support/settle.ts';
import { type Admin, type Customer, requireStatus, Shop } from './support/shop.ts';
import { followOrder } from './support/sse.ts';
import { sharedSystem, type System } from './support/system.ts';

describe('the shop', function () {
  this.timeout(60_000);
  let system: System;
  let shop: Shop;
  let ann: Customer;
  let admin: Admin;

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    shop = new Shop(system);
    [ann, admin] = await Promise.all([shop.customer(), shop.admin()]);
    await shop.stocks({ lamp: 100, mug: 100, rarity: 1 });
  });

  describe('browsing', () => {
    it('finds products by words and counts what their own attributes have to offer', async () => {
      const found = await search(shop.visitor, { q: 'keyboard' });
      expect(found.total).to.be.greaterThan(2);
      const brands = found.facets.find(({ name }) => name === 'brand')?.values ?? [];
      const [brand] = brands;
      const narrowed = await search(shop.visitor, { q: 'keyboard', 'attr.brand': brand?.value });
      expect(narrowed.total).to.equal(brand?.count);
      expect(narrowed.items.every((one) => one.attributes['brand'] === brand?.value)).to.equal(
        true,
      );
    });

    it('pages through everything, each product once, in the order asked for', async () => {
      const prices: number[] = [];
      const ids = new Set<string>();
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await search(shop.visitor, { sort: 'price', limit: 25, cursor });
        for (const { id, price } of page.items) {
          ids.add(id);
          prices.push(price.amount);
        }
        cursor = page.next_cursor;
      }
      expect(ids.size).to.equal(prices.length).and.to.be.at.least(60);
      expect(prices).to.deep.equal(prices.toSorted((a, b) => a - b));
    });

    it('has six categories or more', async () => {
      const { body } = await shop.visitor.get('/api/v1/categories');
      expect(body['items']).to.be.an('array').with.length.of.at.least(6);
    });

    it('shows a product with its stock, by id and by slug', async () => {
      const { id, slug } = shop.product('mug');
      for (const name of [id, slug]) {
        const { body } = await shop.visitor.get(`/api/v1/products/${name}`);
        const page = productPage.parse(body);
        expect(page).to.deep.include({ id, slug, stock: { available: 100 }, degraded: [] });
      }
      expect((await shop.visitor.get('/api/v1/products/no-such-thing')).status).to.equal(404);
    });
  });

  describe('an account', () => {
    it('knows its owner, keeps addresses, and an e-mail address has one account', async () => {
      expect((await ann.api.get('/api/v1/me')).body).to.include({ id: ann.id, role: 'customer' });
      const home = { name: 'Ann', line1: 'Lane 1', city: 'Lund', postal_code: '1', country: 'SE' };
      const kept = await ann.api.post('/api/v1/me/addresses', home);
      requireStatus(kept, 201);
      expect((await ann.api.get('/api/v1/me/addresses')).body['items']).to.deep.equal([kept.body]);
      const again = await shop.visitor.post('/api/v1/accounts', {
        ...ann.credentials,
        name: 'Eve',
      });
      expect(again.status).to.equal(409);
    });

    it('stays signed in by a cookie that changes with every use, until it signs out', async () => {
      const { cookies } = await shop.signIn(ann.credentials);
      const refresh = (token?: string) =>
        shop.visitor.post('/api/v1/sessions/refresh', undefined, {
          Cookie: `${sessionCookies.refresh}=${token}`,
        });
      const first = cookies[sessionCookies.refresh];
      const refreshed = await refresh(first);
      requireStatus(refreshed, 201);
      const second = refreshed.cookies[sessionCookies.refresh];
      expect(second).to.be.a('string').and.not.equal(first);
      const out = await shop.visitor.send('DELETE', '/api/v1/sessions/current', {
        headers: { Cookie: `${sessionCookies.refresh}=${second}` },
      });
      expect(out.status).to.equal(204);
      expect((await refresh(second)).status).to.equal(401);
      expect((await refresh(first)).status).to.equal(401);
    });
  });

  describe('an order', () => {
    it('is placed, confirmed, and paid from the stock', async () => {
      const before = await shop.level('lamp');
      const placed = await ann.orders({ lamp: 2, mug: 1 });
      expect(placed).to.deep.include({
        status: 'confirmed',
        total: { amount: 3 * 1_999, currency: 'EUR' },
      });
      expect(await ann.order(placed.id)).to.deep.equal(placed);
      expect((await ann.ownOrders())[0]).to.equal(placed.id);
      expect(await shop.level('lamp')).to.deep.equal({
        available: before.available - 2,
        reserved: 0,
        sold: before.sold + 2,
      });
    });

    it('can be watched while it comes about', async () => {
      const buyer = await shop.customer();
      const buying = buyer.buys({ lamp: 1 }, { token: 'tok_slow' });
      const id = await eventually(async () => {
        const [first] = await buyer.ownOrders();
        return first ?? expect.fail('there is no order yet');
      });
      const url = `${system.url}/api/v1/orders/${id}/events`;
      const seen = await followOrder(url, buyer.authorization);
      expect(seen.map(({ status }) => status)).to.deep.equal(['pending', 'confirmed']);
      expect(seen.at(-1)).to.deep.equal(order.parse((await buying).body));
    });

    it('gives stock and money back when it is cancelled', async () => {
      const before = await shop.level('mug');
      const { id } = await ann.orders({ mug: 3 });
      const reply = await ann.cancels(id);
      expect(reply).to.have.nested.property('body.status', 'cancelled');
      expect(await shop.level('mug')).to.deep.equal(before);
      expect((await ann.cancels(id)).status).to.equal(409);
    });

    it('is refunded by the back office alone', async () => {
      const { id } = await ann.orders({ mug: 1 });
      const own = await ann.api.post(`/api/v1/admin/orders/${id}/refund`);
      expect(own.status).to.equal(403);
      expect((await admin.refunds(id)).body).to.include({ id, status: 'refunded' });
      expect((await ann.order(id)).status).to.equal('refunded');
    });

    for (const [token, reason] of [
      ['tok_declined', 'payment_declined'],
      ['tok_insufficient_funds', 'payment_declined'],
      ['tok_canary_4111111111111111', 'payment_declined'],
    ] as const) {
      it(`fails with 402 when the card says no: ${token}`, async () => {
        shop.canaries.set('4111111111111111', 'a card number');
        const before = await shop.level('lamp');
        const reply = await ann.buys({ lamp: 1 }, { token });
        expect(reply.status).to.equal(402);
        expect(reply.body).to.include({ reason, retryable: false });
        expect(await shop.level('lamp')).to.deep.equal(before);
      });
    }

    it('fails with 409 when there is not enough, and names what is short', async () => {
      const reply = await ann.buys({ rarity: 2, lamp: 1 });
      expect(reply.status).to.equal(409);
      expect(reply.body).to.deep.include({
        reason: 'out_of_stock',
        items: [{ product_id: shop.product('rarity').id, available: 1 }],
      });
    });

    it('is confirmed and paid once though the provider falls silent after the capture', async () => {
      const reply = await ann.buys({ lamp: 1 }, { token: 'tok_timeout_after_capture' });
      expect(reply.status).to.be.oneOf([201, 202]);
      const { id } = order.parse(reply.body);
      expect((await ann.seesSettled(id)).status).to.equal('confirmed');
      expect(await capturesOf(system, id)).to.equal(1);
    });

    it('is confirmed though the provider fails at first', async () => {
      const reply = await ann.insistsOn({ lamp: 1 }, { token: 'tok_error_once' });
      expect(reply.status).to.equal(201);
    });

    it('is the same order and the same reply when it is sent again', async () => {
      const key = randomUUID();
      const first = await ann.buys({ lamp: 1 }, { key });
      const again = await ann.buys({ lamp: 1 }, { key });
      requireStatus(first, 201);
      expect([again.status, again.body]).to.deep.equal([first.status, first.body]);
      const other = await ann.api.post('/api/v1/orders', ann.draft({ lamp: 2 }), {
        'Idempotency-Key': key,
      });
      expect(other.status).to.equal(422);
      expect(other.body['reason']).to.equal('idempotency_key_reused');
    });

    it('does not exist for anybody else', async () => {
      const { id } = await ann.orders({ lamp: 1 });
      const eve = await shop.customer();
      const replies = await Promise.all([
        eve.api.get(`/api/v1/orders/${id}`),
        eve.cancels(id),
        eve.api.get(`/api/v1/orders/${id}/events`),
      ]);
      expect(replies.map(({ status }) => status)).to.deep.equal([404, 404, 404]);
      expect((await ann.order(id)).status).to.equal('confirmed');
    });

    it('is told of by mail, once for each thing that happened', async () => {
      const buyer = await shop.customer();
      const { id } = await buyer.orders({ lamp: 1 });
      await buyer.cancels(id);
      const number = id.slice(-8).toUpperCase();
      const page = await eventually(async () => {
        const mailbox = await mailboxOf(admin, shop.visitor);
        expect(mailbox).to.include(`Your order ${number} is cancelled`);
        return mailbox;
      });
      expect(page).to.include(buyer.credentials.email);
      for (const subject of [`order ${number} is confirmed`, `order ${number} is cancelled`]) {
        expect(page.split(subject)).to.have.length(2);
      }
      expect((await shop.visitor.get('/mailbox')).body['text']).not.to.include(number);
    });
  });

  describe('the back office', () => {
    it('puts an uploaded picture on a product page', async () => {
      const id = await admin.uploadsPicture();
      await eventually(async () => {
        const { body } = await admin.api.get(`/api/v1/images/${id}`);
        expect(body['status']).to.equal('ready');
      }, 20_000);
      await admin.edits('mug', { image_ids: [id] });
      const url = await eventually(async () => {
        const { body } = await shop.visitor.get(`/api/v1/products/${shop.product('mug').slug}`);
        return productPage.parse(body).images[0]?.renditions[0]?.url ?? expect.fail('no picture');
      });
      const rendition = await shop.visitor.get(url);
      expect(rendition.status).to.equal(200);
      expect(rendition.headers).to.include({ 'content-type': 'image/webp' });
      expect(rendition.headers['cache-control']).to.include('immutable');
    });

    it('edits a product and its stock, which the shop shows at once', async () => {
      await admin.edits('mug', {
        name: 'Renamed mug quokka',
        price: { amount: 777, currency: 'EUR' },
      });
      await admin.setsStock(shop.product('mug').id, 42);
      await eventually(async () => {
        const [found] = (await search(shop.visitor, { q: 'quokka' })).items;
        expect(found).to.deep.include({ name: 'Renamed mug quokka' });
      });
      const { body } = await shop.visitor.get(`/api/v1/products/${shop.product('mug').id}`);
      expect(body).to.deep.include({
        price: { amount: 777, currency: 'EUR' },
        stock: { available: 42 },
      });
      expect((await ann.orders({ mug: 2 })).total.amount).to.equal(2 * 777);
    });
  });

  describe('in trouble', () => {
    it('shows products without stock while the inventory is away, and orders wait for it', async () => {
      await system.engine.scale('inventory', 0);
      const { slug } = shop.product('lamp');
      const buyer = await shop.customer();
      const buying = buyer.buys({ lamp: 1 });
      const page = await shop.visitor.get(`/api/v1/products/${slug}`);
      expect(page.status).to.equal(200);
      expect(page.body).to.deep.include({ stock: null, degraded: ['inventory'] });
      expect((await shop.visitor.get(`/products/${slug}`)).status).to.equal(200);
      const [id = ''] = await eventually(async () => {
        const ids = await buyer.ownOrders();
        return ids.length > 0 ? ids : expect.fail('there is no order yet');
      });
      expect((await buyer.order(id)).status).to.equal('pending');
      await system.engine.scale('inventory', 1);
      expect((await buying).status).to.be.oneOf([201, 202]);
      expect((await buyer.seesSettled(id)).status).to.equal('confirmed');
      await eventually(async () => {
        const healed = await shop.visitor.get(`/api/v1/products/${slug}`);
        expect(healed.body['degraded']).to.deep.equal([]);
      });
    });
  });

  describe('after all that', () => {
    it('has kept every rule', async () => {
      await requireInvariants(shop);
    });
  });
});

async function search(api: Api, query: Record<string, unknown>): Promise<SearchResult> {
  const reply = await api.get('/api/v1/products', { query });
  requireStatus(reply, 200);
  return searchResult.parse(reply.body);
}

async function capturesOf(system: System, orderId: string): Promise<number> {
  const [payment] = await system.databases.query<{ id: string }>(
    'payments',
    'SELECT id FROM payments WHERE order_id = $1',
    [orderId],
  );
  const charge = (await readCharges(system)).find(({ reference }) => reference === payment?.id);
  return charge?.effects.capture ?? 0;
}

async function mailboxOf({ cookies }: Admin, api: Api): Promise<string> {
  const Cookie = `${sessionCookies.access}=${cookies[sessionCookies.access]}`;
  const reply = await api.get('/mailbox', { headers: { Cookie } });
  requireStatus(reply, 200);
  return String(reply.body['text']);
}
