import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { seededRandom } from '@faultline/mesh-core/random';
import { expect } from 'chai';
import { finish } from '../../test/finish.ts';
import {
  gone,
  json,
  order,
  page,
  placed,
  problem,
  product,
  stubShop,
} from '../../test/stub-shop.ts';
import { Customers } from '../customers.ts';
import { OrderBook } from '../order-book.ts';
import type { Outcome } from '../outcome.ts';
import { Steps } from '../steps.ts';
import { journeys } from './list.ts';

type Answers = Parameters<typeof stubShop>[0];

const orderPath = `GET /api/v1/orders/${order('pending').id}`;
const image = { id: product.id, reason: null };

/** One person makes one journey; what he asked, what he met. */
async function travel(name: string, answers: Answers = {}, seed = 1) {
  const clock = new FakeClock();
  const { send, asked } = stubShop(answers);
  const outcomes: Outcome[] = [];
  const steps = new Steps({
    journey: name,
    send,
    clock,
    signal: new AbortController().signal,
    startedMs: clock.monotonic(),
    dueMs: clock.monotonic(),
    timeoutMs: 1_000,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const { id, slug, category } = product;
  const good = {
    id,
    slug,
    name: product.name,
    category,
    word: 'Lamp',
    pictures: ['/media/a.webp'],
  };
  const orders = new OrderBook();
  const person = {
    steps,
    random: seededRandom(seed),
    clock,
    goods: [good],
    customers: new Customers({ clock, most: 1, seed }),
    orders,
    admin: { email: 'admin@shop.test', password: 'secret' },
  };
  let failure: string | undefined;
  const going = journeys
    .find((journey) => journey.name === name)
    ?.make(person)
    .catch((error: unknown) => (failure = String(error)));
  await finish(clock, going ?? Promise.resolve());
  return {
    asked,
    outcomes,
    failure,
    orders: orders.counts(),
    steps: outcomes.map(({ step }) => step),
  };
}

describe('a journey', () => {
  it('to browse is a stroll over pages to a picture', async () => {
    const { steps, failure, outcomes } = await travel('browse');
    expect(steps).to.deep.equal(['home page', 'category page', 'product page', 'picture']);
    expect(failure).to.equal(undefined);
    expect(outcomes.every(({ failure: one, degraded }) => !one && !degraded)).to.equal(true);
  });

  it('to browse ends at a page that is cut off, or that shows something else', async () => {
    const half = await travel('browse', {
      'GET /': () => ({ ...page('x'), body: Buffer.from('<html><body>') }),
    });
    expect(half.failure).to.include('expected a whole page, got 12 bytes');
    const other = await travel('browse', { 'GET /products/small-lamp': () => page('Big Lamp') });
    expect(other.failure).to.include('expected a page about Small Lamp & Shade');
  });

  it('notices pages that say that a part of them is missing', async () => {
    const notice = page('<p class="notice warn">Prices cannot be checked right now.</p>');
    const { outcomes, failure } = await travel('browse', { 'GET /': () => notice });
    expect(failure).to.equal(undefined);
    expect(outcomes.map(({ degraded }) => degraded)).to.deep.equal([true, false, false, false]);
  });

  it('to search finds something', async () => {
    expect((await travel('search')).steps).to.deep.equal([
      'search page',
      'searchProducts',
      'getProduct',
    ]);
    const none = { items: [], next_cursor: null, total: 0, facets: [] };
    const { failure } = await travel('search', { 'GET /api/v1/products': () => json(200, none) });
    expect(failure).to.include("expected products for 'Lamp', got 0");
  });

  it('to sign in signs up first, and out at the end', async () => {
    const { steps, failure } = await travel('sign-in', {
      'GET /api/v1/me': () =>
        json(200, {
          id: order('pending').account_id,
          email: 'a@b.c',
          name: 'Lou',
          role: 'customer',
          disabled: false,
          created_at: '2026-01-01T00:00:00.000Z',
        }),
    });
    expect(failure).to.equal(undefined);
    expect(steps).to.deep.equal(['createAccount', 'createSession', 'getMe', 'deleteSession']);
  });

  it('to upload waits for the renditions and looks at one', async () => {
    let looked = 0;
    const { steps, asked, failure } = await travel('upload', {
      'POST /api/v1/images': () => json(202, { ...image, status: 'queued', renditions: [] }),
      [`GET /api/v1/images/${product.id}`]: () => {
        const ready = { ...image, status: 'ready', renditions: product.images[0]?.renditions };
        return json(200, ++looked < 3 ? { ...image, status: 'processing', renditions: [] } : ready);
      },
    });
    expect(failure).to.equal(undefined);
    expect(steps.slice(2)).to.deep.equal([
      'uploadImage',
      'getImage',
      'getImage',
      'getImage',
      'picture',
    ]);
    expect(asked[2]?.headers).to.include({ 'Content-Type': 'image/png' });
  });

  it('to the back office fills up what runs low, unless somebody else just did', async () => {
    const level = {
      product_id: product.id,
      received: 5,
      available: 5,
      reserved: 0,
      sold: 0,
      version: 7,
      updated_at: product.updated_at,
    };
    const { steps, asked, failure } = await travel('admin', {
      'GET /api/v1/admin/orders': () => json(200, { items: [], next_cursor: null }),
      'GET /api/v1/admin/stock': () => json(200, { items: [level], next_cursor: null }),
      [`PUT /api/v1/admin/stock/${product.id}`]: () => problem(412, 'stock_changed'),
    });
    expect(failure).to.equal(undefined);
    expect(steps).to.deep.equal([
      'createSession',
      'adminListOrders',
      'adminListStock',
      'adminSetStock',
    ]);
    expect(JSON.parse(String(asked.at(-1)?.body))).to.deep.equal({ available: 500, version: 7 });
  });

  it('to look at one’s orders reads the list', async () => {
    expect((await travel('orders')).steps).to.deep.equal([
      'createAccount',
      'createSession',
      'listOrders',
    ]);
  });
});

describe('a purchase', () => {
  it('is confirmed', async () => {
    const { orders, failure } = await travel('buy');
    expect(failure).to.equal(undefined);
    expect(orders).to.deep.equal({ placed: 1, confirmed: 1, refused: 0, failed: 0, unknown: 0 });
  });

  it('is asked for again by the same key until there is an answer', async () => {
    let count = 0;
    const answers = [
      gone,
      problem(503, 'unavailable', { 'retry-after': '1' }),
      problem(409, 'request_in_progress'),
    ];
    const { orders, asked, outcomes } = await travel('buy', {
      'POST /api/v1/orders': (request) => answers[count++] ?? placed('confirmed', request),
    });
    expect(orders).to.include({ placed: 1, confirmed: 1, unknown: 0 });
    const keys = asked
      .filter(({ method, path }) => method === 'POST' && path === '/api/v1/orders')
      .map(({ headers }) => headers['idempotency-key']);
    expect(keys.length).to.equal(4);
    expect(new Set(keys).size).to.equal(1);
    // That it went well in the end does not make the failures before undone.
    expect(outcomes.filter(({ failure }) => failure !== null).length).to.equal(2);
  });

  it('that nobody can tell about stays unknown', async () => {
    const { orders, failure } = await travel('buy', { 'POST /api/v1/orders': () => gone });
    expect(orders).to.include({ placed: 1, confirmed: 0, unknown: 1 });
    expect(failure).to.include('reset ECONNRESET');
  });

  it('is refused when it is sold out', async () => {
    const { orders, failure } = await travel('buy', {
      'POST /api/v1/orders': () => problem(409, 'out_of_stock'),
    });
    expect(failure).to.equal(undefined);
    expect(orders).to.include({ placed: 1, refused: 1, unknown: 0 });
  });

  it('that takes its time is watched, or looked at now and then, until it is settled', async () => {
    const event = (status: 'pending' | 'confirmed') =>
      `event: order\ndata: ${JSON.stringify(order(status))}\n\n`;
    const seen = new Set<string>();
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      let looked = 0;
      const { orders, steps } = await travel(
        'buy',
        {
          'POST /api/v1/orders': (request) => placed('pending', request),
          [orderPath]: () => json(200, order(++looked < 3 ? 'pending' : 'failed')),
          [`${orderPath}/events`]: () => ({
            ...page(''),
            body: Buffer.from(event('pending') + event('confirmed')),
          }),
        },
        seed,
      );
      const way = steps.at(-1) ?? '';
      seen.add(way);
      expect(orders).to.include(way === 'watchOrder' ? { confirmed: 1 } : { failed: 1 });
      if (way === 'getOrder') expect(looked).to.equal(3);
    }
    expect([...seen]).to.have.members(['watchOrder', 'getOrder']);
  });

  it('is not what was asked for when its lines or its sum are not', async () => {
    const wrong = { ...order('confirmed'), total: { amount: 1, currency: 'EUR' } };
    const sum = await travel('buy', { 'POST /api/v1/orders': () => json(201, wrong) });
    expect(sum.failure).to.match(/wrong body: (the lines make \d+, not 1|asked for 2)/);
    const lines = await travel('buy', {
      'POST /api/v1/orders': () => json(201, order('confirmed', 9)),
    });
    expect(lines.failure).to.include(`got 9 × ${product.id}`);
    expect(lines.orders).to.include({ unknown: 1 });
  });
});
