import { eventually } from '@faultline/chassis/testing/eventually';
import { authorizePayment, capturePayment } from '@faultline/contracts/payments';
import { reserveStock } from '@faultline/contracts/inventory';
import { quoteProducts } from '@faultline/contracts/catalog';
import { expect } from 'chai';
import pg from 'pg';
import { mug } from './neighbours.ts';
import { alice, asOrder, bob, draft, type Replica, Shop } from './shop.ts';

describe('the idempotency key of an order', () => {
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

  for (const [name, headers] of [
    ['missing', {}],
    ['empty', { 'idempotency-key': '' }],
    ['10 KB long', { 'idempotency-key': 'k'.repeat(10_000) }],
    ['of two words', { 'idempotency-key': 'a b' }],
    ['not ASCII', { 'idempotency-key': 'schlüssel' }],
  ] as const) {
    it(`is refused when it is ${name}`, async () => {
      const answer = await orders.request('POST', '/api/v1/orders', { body: draft(), headers });
      expect(answer.status).to.equal(400);
      expect(await shop.statuses()).to.deep.equal([]);
    });
  }

  for (const [status, body] of [
    [201, draft()],
    [402, draft({ payment: { token: 'tok_declined' } })],
    [409, draft({ items: [{ product_id: mug, quantity: 11 }] })],
  ] as const) {
    it(`gets the very same ${status} again, without anybody being asked`, async () => {
      const first = await orders.place('k', body);
      const calls = shop.neighbours.calls.length;
      const again = await orders.place('k', body);
      expect(first.status).to.equal(status);
      expect(again).to.deep.include({ status, text: first.text });
      for (const header of ['location', 'content-type']) {
        expect(again.headers.get(header), header).to.equal(first.headers.get(header));
      }
      expect(shop.neighbours.calls).to.have.length(calls);
      expect(await shop.statuses()).to.have.length(1);
    });
  }

  it('gets the first reply even when the order was cancelled since', async () => {
    const first = await orders.place('k');
    await orders.request('POST', `${first.headers.get('location')}/cancel`);
    expect((await orders.place('k')).text).to.equal(first.text);
  });

  it('gets its reply although the catalog is away', async () => {
    const first = await orders.place('k');
    shop.neighbours.fail(quoteProducts, 'failed');
    expect((await orders.place('k')).text).to.equal(first.text);
  });

  it('is refused with another body', async () => {
    await orders.place('k');
    const answer = await orders.place('k', draft({ items: [{ product_id: mug, quantity: 3 }] }));
    expect(answer.status).to.equal(422);
    expect(answer.body).to.include({ reason: 'idempotency_key_reused' });
    expect(await shop.statuses()).to.have.length(1);
  });

  it('means the same whatever the order of the members', async () => {
    const first = await orders.place('k');
    const reversed = Object.fromEntries(Object.entries(draft()).toReversed());
    expect((await orders.place('k', reversed)).text).to.equal(first.text);
  });

  it('is another one for another account', async () => {
    const [one, two] = [
      await orders.place('k', draft(), alice),
      await orders.place('k', draft(), bob),
    ];
    expect([one.status, two.status]).to.deep.equal([201, 201]);
    expect(asOrder(one).id).not.to.equal(asOrder(two).id);
  });

  it('makes one order of 100 concurrent requests on two replicas', async () => {
    const other = await shop.replica();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? orders : other).place('k')),
    );
    expect(await shop.statuses()).to.deep.equal(['confirmed']);
    expect(shop.neighbours.money.charges).to.have.property('size', 1);
    const replies = answers.filter((answer) => answer.status === 201);
    expect(replies).not.to.have.length(0);
    expect(new Set(replies.map((answer) => answer.text))).to.have.property('size', 1);
    const others = answers.filter((answer) => answer.status !== 201);
    for (const answer of others) {
      expect(answer).to.deep.include({ status: 409 });
      expect(answer.body).to.include({ reason: 'request_in_progress', retryable: true });
      expect(answer.headers.get('retry-after')).to.equal('1');
    }
    await shop.settled();
  });

  it('joins the order when nobody is at work on it', async () => {
    const lone = await shop.replica({ placeWaitMs: 30, backoff: slow });
    shop.neighbours.fail(authorizePayment, 'never-arrived');
    const first = await lone.place('k');
    expect(first.status).to.equal(202);
    // The saga waits for its next attempt, as soon as this one is given up: no lease, and no conflict.
    const joined = await eventually(async () => {
      const answer = await lone.place('k');
      expect(answer.status).to.equal(202);
      return answer;
    });
    expect(asOrder(joined).id).to.equal(asOrder(first).id);
    await shop.query('UPDATE sagas SET next_attempt_at = now()');
    await shop.settled();
    const replay = await lone.place('k');
    expect(replay.status).to.equal(201);
    expect(asOrder(replay).id).to.equal(asOrder(first).id);
  });

  it('conflicts while the first request is at work', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const first = orders.place('k');
    await eventually(() => expect(shop.neighbours.count(capturePayment)).to.equal(1));
    expect((await orders.place('k')).body).to.include({ reason: 'request_in_progress' });
    open();
    expect((await first).status).to.equal(201);
  });

  it('finds the order whose COMMIT was done but not answered', async () => {
    const restore = loseReplyOfCommit();
    const answer = await orders.place('k').finally(restore);
    expect(answer.status, answer.text).to.equal(201);
    expect(restore.lost()).to.equal(1);
    expect(await shop.statuses()).to.deep.equal(['confirmed']);
    await shop.settled();
  });

  it('takes a step up again whose COMMIT was done but not answered', async () => {
    const brief = await shop.replica({ leaseMs: 200, placeWaitMs: 5_000 });
    const open = shop.neighbours.hold(reserveStock);
    const placing = brief.place('k');
    await eventually(() => expect(shop.neighbours.count(reserveStock)).to.equal(1));
    const restore = loseReplyOfCommit();
    open();
    expect((await placing.finally(restore)).status).to.equal(201);
    expect(restore.lost()).to.equal(1);
    await shop.settled();
  });

  it('is refused with 503 and nothing stored when the database fails before COMMIT', async () => {
    const restore = loseReplyOfCommit({ commit: false });
    const answer = await orders.place('k').finally(restore);
    expect(answer.body).to.include({ status: 503, dependency: 'postgresql' });
    expect(await shop.statuses()).to.deep.equal([]);
    expect((await orders.place('k')).status).to.equal(201);
  });
});

const slow = { firstMs: 60_000, forwardMsMax: 60_000, undoMsMax: 60_000 };

/** The next COMMIT of this process reaches the server (or not), and its connection breaks. */
function loseReplyOfCommit({ commit = true } = {}): { (): void; lost(): number } {
  const { prototype } = pg.Client;
  const original = prototype.query;
  let lost = 0;
  const restore = () => {
    prototype.query = original;
  };
  // pg's query has a dozen overloads; the chassis uses one of them for COMMIT.
  prototype.query = function query(this: pg.Client, ...args: Parameters<typeof original>) {
    if (String(args[0]) !== 'COMMIT') return Reflect.apply(original, this, args);
    lost++;
    restore();
    const sent: Promise<unknown> = Reflect.apply(original, this, [commit ? 'COMMIT' : 'ROLLBACK']);
    return sent.then(() => {
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    });
  } as typeof original;
  return Object.assign(restore, { lost: () => lost });
}
