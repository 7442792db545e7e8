import { asPrincipal } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { silentLog } from '@faultline/chassis/testing/log';
import { capturePayment } from '@faultline/contracts/payments';
import { order } from '@faultline/contracts/orders';
import { expect } from 'chai';
import pg from 'pg';
import { OrderChanges } from '../src/changes.ts';
import { alice, type Replica, Shop } from './shop.ts';

describe('watching an order', () => {
  let shop: Shop;
  let orders: Replica;
  before(async () => {
    shop = await Shop.open();
  });
  beforeEach(async () => {
    orders = await shop.replica({ placeWaitMs: 30 });
  });
  afterEach(() => shop.reset());
  after(() => shop.close());

  it('sends the order now, at each change, and ends when it is settled', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const placed = await orders.place('k');
    const stream = await watch(orders, placed.headers.get('location'));
    expect(stream.response.headers.get('content-type')).to.equal('text/event-stream');
    await eventually(() => expect(stream.text()).to.match(/event: order\nid: 1\ndata: /));
    open();
    await stream.ended;
    expect(events(stream.text())).to.deep.equal([
      [1, 'pending'],
      [2, 'confirmed'],
    ]);
  });

  it('sends a settled order once and ends', async () => {
    const placed = await orders.place('k');
    await shop.settled();
    const stream = await watch(orders, placed.headers.get('location'));
    await stream.ended;
    expect(events(stream.text())).to.deep.equal([[2, 'confirmed']]);
  });

  it('hears of what another replica changed', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const placed = await orders.place('k');
    const other = await shop.replica();
    const stream = await watch(other, placed.headers.get('location'));
    await eventually(() => expect(events(stream.text())).to.have.length(1));
    open();
    await stream.ended;
    expect(events(stream.text()).at(-1)).to.deep.equal([2, 'confirmed']);
  });

  it('hears of changes although the listening connection is cut again and again', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const placed = await orders.place('k');
    const other = await shop.replica();
    const stream = await watch(other, placed.headers.get('location'));
    await eventually(() => expect(events(stream.text())).to.have.length(1));
    await shop.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
    open();
    await stream.ended;
    expect(events(stream.text()).at(-1)).to.deep.equal([2, 'confirmed']);
  });

  it('ends when the process drains, and leaves nothing behind', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const placed = await orders.place('k');
    const other = await shop.replica();
    const stream = await watch(other, placed.headers.get('location'));
    await eventually(() => expect(events(stream.text())).to.have.length(1));
    await other.stop();
    await stream.ended;
    expect(events(stream.text())).to.deep.equal([[1, 'pending']]);
    open();
  });

  it('is refused when as many watch as may, until one of them goes', async () => {
    const open = shop.neighbours.hold(capturePayment);
    const full = await shop.replica({ placeWaitMs: 30, streamsMax: 3 });
    const placed = await full.place('k');
    const path = placed.headers.get('location');
    const streams = await Promise.all([1, 2, 3].map(() => watch(full, path)));
    const refused = await full.request('GET', `${path}/events`);
    expect(refused.body).to.include({ status: 503, reason: 'too_many_streams' });
    streams[0]?.leave();
    await eventually(async () => {
      const next = await watch(full, path);
      next.leave();
      expect(next.response.status).to.equal(200);
    });
    for (const stream of streams) stream.leave();
    open();
  });
});

describe('changes of orders', () => {
  it('are told by the database at once', async () => {
    const shop = await Shop.open();
    // Its time stands still: it never looks by itself.
    const changes = new OrderChanges({
      clock: new FakeClock(),
      log: silentLog,
      db: shop.database.pool,
      createClient: () => new pg.Client({ connectionString: shop.database.url }),
    });
    const stop = new AbortController();
    const running = changes.run(stop.signal);
    using watching = changes.watch('a');
    const told = watching.next(1_000_000);
    const telling = setInterval(
      () => void shop.query("SELECT pg_notify('order_changed', 'a')"),
      50,
    );
    await told;
    clearInterval(telling);
    stop.abort();
    await running;
    await shop.close();
  });

  it('are looked for every two seconds when nobody tells', async () => {
    const clock = new FakeClock();
    let sequence = 1;
    const changes = new OrderChanges({
      clock,
      log: silentLog,
      // The one query it makes.
      db: { query: async () => ({ rows: [{ id: 'a', sequence }] }) } as never,
      createClient: () => new pg.Client({ connectionString: 'postgres://127.0.0.1:1/none' }),
    });
    const stop = new AbortController();
    const running = changes.run(stop.signal);
    const watching = changes.watch('a');
    await clock.advance(2_000);
    await watching.next(1_000_000);
    let woken = false;
    const next = watching.next(1_000_000).then(() => {
      woken = true;
    });
    await clock.advance(4_000);
    expect(woken).to.equal(false);
    sequence = 2;
    await clock.advance(2_000);
    await next;
    watching[Symbol.dispose]();
    stop.abort();
    await clock.advance(2_000);
    await running;
  });
});

type Stream = {
  response: Response;
  text(): string;
  ended: Promise<void>;
  leave(): void;
};

async function watch(replica: Replica, path: string | null): Promise<Stream> {
  const leaving = new AbortController();
  const response = await fetch(`${replica.url}${path}/events`, {
    headers: asPrincipal(alice),
    signal: leaving.signal,
  });
  let text = '';
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  };
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return { response, text: () => text, ended, leave: () => leaving.abort() };
}

/** Sequence and status of each complete event. */
function events(text: string): [number, string][] {
  const found = text.matchAll(/event: order\nid: (\d+)\ndata: (.*)\n\n/g);
  return [...found].map(([, id, data]) => [
    Number(id),
    order.parse(JSON.parse(data ?? 'null')).status,
  ]);
}
