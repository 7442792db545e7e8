import { eventually } from '@faultline/chassis/testing/eventually';
import {
  releaseReservation,
  reserveStock,
  commitReservation,
} from '@faultline/contracts/inventory';
import { authorizePayment, capturePayment, refundPayment } from '@faultline/contracts/payments';
import { expect } from 'chai';
import { type Answer, asOrder, bob, draft, type Replica, Shop } from './shop.ts';

const declined = draft({ payment: { token: 'tok_declined' } });

describe('cancelling an order', () => {
  let shop: Shop;
  let orders: Replica;
  const cancel = (placed: Answer, account?: string) =>
    orders.request('POST', `${placed.headers.get('location')}/cancel`, {
      ...(account ? { account } : {}),
    });
  before(async () => {
    shop = await Shop.open();
  });
  beforeEach(async () => {
    orders = await shop.replica();
  });
  afterEach(() => shop.reset());
  after(() => shop.close());

  it('refunds a confirmed one and takes the stock back', async () => {
    const placed = await orders.place('k');
    const answer = await cancel(placed);
    expect(answer.status).to.equal(200);
    expect(asOrder(answer).status).to.equal('cancelled');
    const events = await shop.events();
    expect(events.map(({ type, sequence }) => [type, sequence])).to.deep.equal([
      ['order.placed', 1],
      ['order.confirmed', 2],
      ['order.cancelled', 4],
    ]);
    expect([...shop.neighbours.money.charges.values()][0]?.status).to.equal('refunded');
    await shop.settled();
  });

  for (const endpoint of [reserveStock, authorizePayment, commitReservation, capturePayment]) {
    it(`wins over a pending one as soon as ${endpoint.id} is answered`, async () => {
      const open = shop.neighbours.hold(endpoint);
      const placing = orders.place('k');
      await eventually(() => expect(shop.neighbours.count(endpoint)).to.equal(1));
      const [row] = await shop.query('SELECT id FROM orders');
      const cancelling = orders.request('POST', `/api/v1/orders/${row?.['id']}/cancel`);
      await eventually(async () => expect(await shop.statuses()).to.deep.equal(['cancelling']));
      open();
      expect((await cancelling).status).to.equal(200);
      const reply = await placing;
      expect(reply.body).to.include({ status: 409, reason: 'order_cancelled' });
      expect((await shop.events()).map(({ type }) => type)).to.deep.equal([
        'order.placed',
        'order.cancelled',
      ]);
      await shop.settled();
    });
  }

  it('wins over a pending one that waits for its next attempt', async () => {
    const patient = await shop.replica({
      placeWaitMs: 30,
      backoff: { firstMs: 60_000, forwardMsMax: 60_000, undoMsMax: 20 },
    });
    shop.neighbours.fail(capturePayment, 'reply-lost');
    const placed = await patient.place('k');
    expect(placed.status).to.equal(202);
    expect((await cancel(placed)).status).to.equal(200);
    await shop.settled();
  });

  it('answers 202 while it is under way, also when asked again', async () => {
    const placed = await orders.place('k');
    const open = shop.neighbours.hold(releaseReservation);
    const hasty = await shop.replica({ placeWaitMs: 30 });
    for (let asked = 0; asked < 2; asked++) {
      const answer = await hasty.request('POST', `${placed.headers.get('location')}/cancel`);
      expect(answer.status).to.equal(202);
      expect(asOrder(answer).status).to.equal('cancelling');
    }
    open();
    await shop.settled();
    expect(shop.neighbours.count(refundPayment)).to.equal(1);
  });

  it('is a conflict for an order that failed, was cancelled or was refunded', async () => {
    const failed = await orders.place('a', declined);
    expect((await cancel(failed)).body).to.include({ status: 409, reason: 'order_failed' });
    const placed = await orders.place('b');
    await cancel(placed);
    expect((await cancel(placed)).body).to.include({ status: 409, reason: 'order_cancelled' });
    const refunded = await orders.place('c');
    await refund(orders, refunded);
    expect((await cancel(refunded)).body).to.include({ status: 409, reason: 'order_refunded' });
    expect(shop.neighbours.count(refundPayment)).to.equal(2);
  });

  it('is a 404 for somebody else’s order, and changes nothing', async () => {
    const placed = await orders.place('k');
    expect((await cancel(placed, bob)).status).to.equal(404);
    expect(await shop.statuses()).to.deep.equal(['confirmed']);
  });

  it('happens once when 20 ask for it at the same time', async () => {
    const placed = await orders.place('k');
    const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(placed)));
    for (const { status } of answers) expect(status).to.be.oneOf([200, 409]);
    expect(answers.filter(({ status }) => status === 200)).not.to.have.length(0);
    expect(shop.neighbours.count(refundPayment)).to.equal(1);
    await shop.settled();
  });
});

describe('refunding an order', () => {
  let shop: Shop;
  let orders: Replica;
  before(async () => {
    shop = await Shop.open();
  });
  beforeEach(async () => {
    orders = await shop.replica();
  });
  afterEach(() => shop.reset());
  after(() => shop.close());

  it('gives the money back and takes the stock back, once', async () => {
    const placed = await orders.place('k');
    const answer = await refund(orders, placed);
    expect(answer.status).to.equal(200);
    expect(asOrder(answer).status).to.equal('refunded');
    expect((await refund(orders, placed)).body).to.include({ reason: 'order_refunded' });
    expect((await shop.events()).at(-1)).to.deep.include({ type: 'order.refunded', sequence: 4 });
    await shop.settled();
  });

  it('is only for admins', async () => {
    const placed = await orders.place('k');
    expect((await refund(orders, placed, 'customer')).status).to.equal(403);
    expect(await shop.statuses()).to.deep.equal(['confirmed']);
  });

  it('is a conflict for an order that was never paid', async () => {
    const failed = await orders.place('k', declined);
    expect((await refund(orders, failed)).body).to.include({ status: 409, reason: 'order_failed' });
  });

  it('goes on although the refund’s reply was lost', async () => {
    const placed = await orders.place('k');
    shop.neighbours.fail(refundPayment, 'reply-lost', 'failed', 'still-asking');
    expect((await refund(orders, placed)).status).to.equal(200);
    await shop.settled();
  });
});

function refund(orders: Replica, placed: Answer, role = 'admin'): Promise<Answer> {
  const id = placed.headers.get('location')?.split('/').at(-1);
  return orders.request('POST', `/internal/v1/orders/${id}/refund`, { role });
}
