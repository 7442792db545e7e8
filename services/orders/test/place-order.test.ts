import { eventually } from '@faultline/chassis/testing/eventually';
import { quoteProducts } from '@faultline/contracts/catalog';
import { commitReservation, reserveStock } from '@faultline/contracts/inventory';
import { authorizePayment, capturePayment, voidPayment } from '@faultline/contracts/payments';
import { expect } from 'chai';
import { archived, dollarBook, lamp, mug } from './neighbours.ts';
import { alice, asOrder, bob, draft, type Replica, Shop } from './shop.ts';

const many = { items: [{ product_id: mug, quantity: 11 }] };
const declined = { payment: { token: 'tok_declined' } };

describe('placing an order', () => {
  let shop: Shop;
  let orders: Replica;
  before(async () => {
    shop = await Shop.open();
  });
  beforeEach(async () => {
    orders = await shop.replica({ concurrency: 1 });
  });
  afterEach(() => shop.reset());
  after(() => shop.close());

  it('reserves, authorises, sells, captures and confirms', async () => {
    const answer = await orders.place('k');
    expect(answer.status, answer.text).to.equal(201);
    const order = asOrder(answer);
    expect(answer.headers.get('location')).to.equal(`/api/v1/orders/${order.id}`);
    expect(order).to.deep.include({
      status: 'confirmed',
      account_id: alice,
      total: { amount: 2_500, currency: 'EUR' },
      failure_reason: null,
    });
    expect(order.lines).to.deep.equal([
      {
        ...{ product_id: mug, slug: 'mug', name: 'Blue Mug', quantity: 2 },
        unit_price: { amount: 1_250, currency: 'EUR' },
        total: { amount: 2_500, currency: 'EUR' },
      },
    ]);
    expect(shop.neighbours.calls).to.deep.equal([
      ...[quoteProducts.id, reserveStock.id, authorizePayment.id],
      ...[commitReservation.id, capturePayment.id],
    ]);
    const events = await shop.events();
    expect(events.map(({ type, sequence }) => [type, sequence])).to.deep.equal([
      ['order.placed', 1],
      ['order.confirmed', 2],
    ]);
    await shop.settled();
  });

  it('answers 402 when the card is declined, and gives the stock back', async () => {
    const answer = await orders.place('k', draft(declined));
    expect(answer.status).to.equal(402);
    expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
    expect(answer.body).to.deep.include({ reason: 'payment_declined', retryable: false });
    const id = String(answer.body['order_id']);
    const order = asOrder(await orders.request('GET', `/api/v1/orders/${id}`));
    expect(order).to.include({ status: 'failed', failure_reason: 'payment_declined' });
    expect(order.failure_detail).to.equal('do_not_honor');
    expect((await shop.events()).at(-1)).to.deep.include({ type: 'order.failed', sequence: 2 });
    await shop.settled();
  });

  it('answers 409 naming what is sold out', async () => {
    const answer = await orders.place('k', draft(many));
    expect(answer.status).to.equal(409);
    expect(answer.body).to.deep.include({
      reason: 'out_of_stock',
      items: [{ product_id: mug, available: 10 }],
    });
    expect(shop.neighbours.count(authorizePayment)).to.equal(0);
    await shop.settled();
  });

  it('sells the last items to exactly as many as there are', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        orders.place(`k${i}`, draft({ items: [{ product_id: mug, quantity: 1 }] })),
      ),
    );
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 201)).to.have.length(10);
    expect(statuses.filter((status) => status === 409)).to.have.length(20);
    await shop.settled();
  });

  for (const [name, body, reason] of [
    [
      'products the shop does not sell',
      { items: [{ product_id: archived, quantity: 1 }] },
      'product_unavailable',
    ],
    ['a total beyond reason', { items: [{ product_id: lamp, quantity: 2 }] }, 'total_too_high'],
    [
      'two currencies',
      {
        items: [
          { product_id: mug, quantity: 1 },
          { product_id: dollarBook, quantity: 1 },
        ],
      },
      'currency_mismatch',
    ],
  ] as const) {
    it(`refuses ${name} and stores nothing`, async () => {
      const answer = await orders.place('k', draft(body));
      expect(answer).to.deep.include({ status: 422 });
      expect(answer.body).to.include({ reason });
      expect(await shop.statuses()).to.deep.equal([]);
      expect((await orders.place('k')).status).to.equal(201);
    });
  }

  for (const fault of ['refused', 'never-arrived', 'failed'] as const) {
    it(`stores nothing when the catalog does not answer (${fault})`, async () => {
      shop.neighbours.fail(quoteProducts, fault);
      const answer = await orders.place('k');
      expect(answer).to.deep.include({ status: 503 });
      expect(answer.body).to.include({ dependency: 'catalog', retryable: true });
      expect(await shop.statuses()).to.deep.equal([]);
    });
  }

  for (const [name, body] of [
    ['quantity 0', draft({ items: [{ product_id: mug, quantity: 0 }] })],
    ['quantity −1', draft({ items: [{ product_id: mug, quantity: -1 }] })],
    ['quantity 0.5', draft({ items: [{ product_id: mug, quantity: 0.5 }] })],
    ['quantity 1001', draft({ items: [{ product_id: mug, quantity: 1_001 }] })],
    ['a quantity beyond integers', draft({ items: [{ product_id: mug, quantity: 2 ** 53 }] })],
    ['no items', draft({ items: [] })],
    [
      'a product twice',
      draft({ items: [mug, mug].map((product_id) => ({ product_id, quantity: 1 })) }),
    ],
    ['a total of its own', draft({ total: { amount: 1, currency: 'EUR' } })],
    ['a price of its own', draft({ items: [{ product_id: mug, quantity: 1, unit_price: 1 }] })],
    ['a status of its own', draft({ status: 'confirmed' })],
    ['another owner', draft({ account_id: bob })],
    ['a card number', draft({ payment: { token: '4242424242424242' } })],
  ] as const) {
    it(`refuses ${name} with 400`, async () => {
      expect((await orders.place('k', body)).status).to.equal(400);
      expect(await shop.statuses()).to.deep.equal([]);
    });
  }

  it('needs a principal', async () => {
    const response = await fetch(`${orders.url}/api/v1/orders`, { method: 'POST' });
    expect(response.status).to.equal(401);
  });

  for (const endpoint of [reserveStock, authorizePayment, commitReservation, capturePayment]) {
    for (const fault of ['refused', 'failed', 'never-arrived', 'reply-lost'] as const) {
      it(`confirms although ${endpoint.id} had to be asked again (${fault})`, async () => {
        shop.neighbours.fail(endpoint, fault, fault);
        expect((await orders.place('k')).status).to.equal(201);
        expect(shop.neighbours.count(endpoint)).to.equal(3);
        await shop.settled();
      });
    }
  }

  it('waits for a provider that has not answered payments yet', async () => {
    shop.neighbours.fail(authorizePayment, 'still-asking');
    shop.neighbours.fail(capturePayment, 'still-asking');
    expect((await orders.place('k')).status).to.equal(201);
    await shop.settled();
  });

  it('answers 202 with where to look while a neighbour keeps it waiting', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const short = await shop.replica({ placeWaitMs: 50 });
    const answer = await short.place('k');
    expect(answer.status).to.equal(202);
    expect(asOrder(answer).status).to.equal('pending');
    expect(answer.headers.get('retry-after')).to.equal('1');
    open();
    const location = String(answer.headers.get('location'));
    await eventually(async () => {
      expect(asOrder(await short.request('GET', location)).status).to.equal('confirmed');
    });
    await shop.settled();
  });

  it('answers within the deadline of a caller in a hurry', async () => {
    const open = shop.neighbours.hold(reserveStock);
    const answer = await orders.request('POST', '/api/v1/orders', {
      body: draft(),
      headers: { 'idempotency-key': 'k', 'x-request-timeout-ms': '700' },
    });
    expect(answer.status).to.equal(202);
    open();
    await shop.settled();
  });

  it('gives up an order that makes no progress, and undoes what it may have done', async () => {
    const hasty = await shop.replica({ giveUpMs: 1 });
    shop.neighbours.fail(capturePayment, 'reply-lost');
    const answer = await hasty.place('k');
    expect(answer.status).to.equal(503);
    expect(answer.body).to.include({ reason: 'timed_out', retryable: false });
    // The capture had been done after all: it was refunded.
    expect([...shop.neighbours.money.charges.values()][0]?.status).to.equal('refunded');
    await shop.settled();
  });

  it('goes on undoing however long the neighbour is away', async () => {
    const hasty = await shop.replica({ giveUpMs: 1 });
    shop.neighbours.fail(commitReservation, 'never-arrived');
    shop.neighbours.fail(voidPayment, ...Array.from({ length: 12 }, () => 'failed' as const));
    expect((await hasty.place('k')).status).to.equal(503);
    expect(shop.neighbours.count(voidPayment)).to.equal(13);
    await shop.settled();
  });

  it('fails an order whose reservation ran out before it was sold', async () => {
    const open = shop.neighbours.hold(commitReservation);
    const placing = orders.place('k');
    await eventually(() => expect(shop.neighbours.count(commitReservation)).to.equal(1));
    for (const id of shop.neighbours.stock.reservations.keys()) shop.neighbours.stock.expire(id);
    open();
    const answer = await placing;
    expect(answer.body).to.include({ status: 503, reason: 'timed_out' });
    await shop.settled();
  });

  it('keeps the payment token only until it is used, and out of events and replies', async () => {
    const token = 'tok_canary_1234';
    const open = shop.neighbours.hold(authorizePayment);
    const placing = orders.place('k', draft({ payment: { token } }));
    await eventually(async () => {
      const kept = await shop.query('SELECT token FROM payment_tokens');
      expect(kept).to.deep.equal([{ token }]);
    });
    open();
    const answer = await placing;
    expect(answer.text).not.to.contain(token);
    for (const table of ['orders', 'sagas', 'outbox', 'idempotency_keys', 'payment_tokens']) {
      const [row] = await shop.query(`SELECT json_agg(t)::text AS all FROM ${table} t`);
      expect(String(row?.['all']), table).not.to.contain(token);
    }
  });

  it('starts no more than 64 orders at a time by itself, and leaves the rest to the background', async () => {
    const open = shop.neighbours.hold(reserveStock);
    const busy = await shop.replica({ placeWaitMs: 1_000, concurrency: 1 });
    const body = draft({ items: [{ product_id: mug, quantity: 1 }] });
    const placing = Promise.all(Array.from({ length: 70 }, (_, i) => busy.place(`k${i}`, body)));
    expect((await placing).map(({ status }) => status)).to.deep.equal(Array(70).fill(202));
    expect(shop.neighbours.count(reserveStock)).to.equal(66);
    open();
    await shop.settled();
    expect(await shop.statuses()).to.have.length(70);
  });

  it('counts the steps it took', async () => {
    await orders.place('k', draft(declined));
    const text = await orders.metrics.registry.metrics();
    expect(text).to.contain('saga_steps_total{saga="order",step="reserve",result="done"} 1');
    expect(text).to.contain('saga_steps_total{saga="order",step="authorize",result="failed"} 1');
    expect(text).to.contain('saga_steps_total{saga="order",step="release",result="compensated"} 1');
  });
});
