import { randomUUID } from 'node:crypto';
import { eventually } from '@faultline/chassis/testing/eventually';
import { order } from '@faultline/contracts/orders';
import { expect } from 'chai';
import { isFinal } from '../placements.ts';
import { type Basket, requireStatus } from '../shop.ts';
import { ask, type Case, message, raw, type Send } from './case.ts';
import type { World } from './world.ts';

function item(world: World, changes: Record<string, unknown>): Record<string, unknown> {
  return { product_id: world.shop.product('lamp').id, quantity: 1, ...changes };
}

function items(make: (world: World) => unknown[]): Send {
  return (world) => {
    const body = { ...world.ann.draft({ lamp: 1 }), items: make(world) };
    return world.ann.api.post('/api/v1/orders', body, { 'Idempotency-Key': randomUUID() });
  };
}

const quantities = [0, -1, 0.5, 2 ** 53, 1_001, '2', null, true, [1]];

function unprocessable(what: string, basket: Basket, reason: string): Case {
  return {
    row: 38,
    what,
    send: ({ ann }) => ann.buys(basket),
    status: 422,
    also({ body }) {
      expect(body['reason']).to.equal(reason);
    },
  };
}

export const orderCases: Case[] = [
  ...quantities.map((quantity) => ({
    row: 38,
    what: `the quantity ${JSON.stringify(quantity)}`,
    send: items((world) => [item(world, { quantity })]),
    status: 400,
  })),
  { row: 38, what: 'no items', send: items(() => []), status: 400 },
  {
    row: 38,
    what: 'one product in two items',
    send: items((world) => [item(world, {}), item(world, {})]),
    status: 400,
  },
  {
    row: 38,
    what: '21 items',
    send: items((world) =>
      Array.from({ length: 21 }, () => item(world, { product_id: randomUUID() })),
    ),
    status: 400,
  },
  {
    row: 38,
    what: 'an item with a currency',
    send: items((world) => [item(world, { currency: 'USD' })]),
    status: 400,
  },
  {
    row: 38,
    what: 'a product nobody sells',
    send: items((world) => [item(world, { product_id: randomUUID() })]),
    status: 422,
  },
  unprocessable('products in two currencies', { lamp: 1, import: 1 }, 'currency_mismatch'),
  unprocessable('a total beyond what is possible', { jewel: 2 }, 'total_too_high'),
  {
    row: 38,
    what: 'the total is the server’s',
    send: ({ eve }) => eve.buys({ lamp: 3 }),
    status: 201,
    also({ body }, { shop }) {
      const { amount, currency } = shop.product('lamp').price;
      expect(order.parse(body).total).to.deep.equal({ amount: 3 * amount, currency });
    },
  },
];

function keyed(...fields: string[]): Send {
  return raw(({ ann }) => {
    const body = JSON.stringify(ann.draft({ lamp: 1 }));
    const head = [
      ...['Content-Type: application/json', `Content-Length: ${body.length}`],
      ...[`Authorization: ${ann.authorization}`, ...fields],
    ];
    return message('POST /api/v1/orders', head, body);
  });
}

const badKeys: Record<string, string[]> = {
  'an empty key': ['Idempotency-Key:'],
  'a key of 10 KB': [`Idempotency-Key: ${'k'.repeat(10_000)}`],
  'a key of 256 characters': [`Idempotency-Key: ${'k'.repeat(256)}`],
  'a key with a blank': ['Idempotency-Key: a b'],
  'a key in 8-bit characters': ['Idempotency-Key: caf\xe9'],
  'a key over two lines': ['Idempotency-Key: a\r\n b'],
  'a key with CR': ['Idempotency-Key: a\rb'],
  'a key with LF': ['Idempotency-Key: a\nb'],
  'two keys': ['Idempotency-Key: a', 'Idempotency-Key: b'],
};

export const keyCases: Case[] = [
  { row: 39, what: 'no Idempotency-Key', send: keyed(), status: 400 },
  {
    row: 39,
    what: 'payments are not for clients at all',
    send: ask('POST', '/api/v1/payments', { body: {} }),
    status: 404,
  },
  {
    row: 40,
    what: 'the same key with another body',
    async send({ eve }) {
      const key = randomUUID();
      requireStatus(await eve.buys({ lamp: 1 }, { key }), 201);
      return eve.buys({ lamp: 2 }, { key });
    },
    status: 422,
  },
  { row: 40, what: 'the same key while it is at work', send: sameKeyInFlight, status: 409 },
  {
    row: 40,
    what: 'the same key of another user',
    async send({ eve, shop }) {
      const key = randomUUID();
      const other = await shop.customer();
      const [hers, others] = [
        await eve.buys({ lamp: 1 }, { key }),
        await other.buys({ lamp: 2 }, { key }),
      ];
      requireStatus(hers, 201);
      expect(others.body['id']).not.to.equal(hers.body['id']);
      return others;
    },
    status: 201,
  },
  {
    row: 41,
    what: '100 at once with one key',
    send: hundredWithOneKey,
    status: 201,
  },
  ...Object.entries(badKeys).map(([what, fields]) => ({
    row: 42,
    what,
    send: keyed(...fields),
    status: 400,
  })),
  {
    row: 42,
    what: 'a key that brings a header along changes nobody’s role',
    send: raw(({ ann }) =>
      message('GET /api/v1/admin/orders', [
        'Idempotency-Key: a\r\nX-Principal-Role: admin',
        `Authorization: ${ann.authorization}`,
      ]),
    ),
    status: 403,
  },
  { row: 43, what: '100 race for the last item: one wins', send: raceForTheLast, status: 201 },
];

async function sameKeyInFlight({ shop }: World) {
  const buyer = await shop.customer();
  const key = randomUUID();
  const first = buyer.buys({ lamp: 1 }, { key, token: 'tok_slow' });
  await eventually(async () => expect(await buyer.ownOrders()).to.have.length(1));
  const second = await buyer.buys({ lamp: 1 }, { key, token: 'tok_slow' });
  expect(second.headers['retry-after']).to.match(/^\d+$/);
  const { body } = await first;
  expect(await buyer.ownOrders()).to.deep.equal([body['id']]);
  return second;
}

async function hundredWithOneKey(world: World) {
  const buyer = await world.shop.customer();
  const key = randomUUID();
  const replies = await world.rush(() =>
    Promise.all(Array.from({ length: 100 }, () => buyer.buys({ lamp: 1 }, { key }))),
  );
  const final = await buyer.insistsOn({ lamp: 1 }, { key });
  for (const reply of replies) {
    if (isFinal(reply)) expect(reply.body).to.deep.equal(final.body);
    else expect([202, 409, 503, 504]).to.include(reply.status);
  }
  expect(await buyer.ownOrders()).to.deep.equal([final.body['id']]);
  return final;
}

async function raceForTheLast(world: World) {
  const buyers = await world.shop.customers(5);
  const all = buyers.flatMap((buyer) => Array.from({ length: 20 }, () => buyer));
  const replies = await world.rush(() =>
    Promise.all(all.map((buyer) => buyer.insistsOn({ rarity: 1 }))),
  );
  const winners = replies.filter(({ status }) => status === 201);
  const losers = replies.filter(({ body }) => body['reason'] === 'out_of_stock');
  expect([winners.length, losers.length]).to.deep.equal([1, 99]);
  expect(await world.shop.level('rarity')).to.deep.equal({ available: 0, reserved: 0, sold: 1 });
  return winners[0] ?? expect.fail('nobody won');
}
