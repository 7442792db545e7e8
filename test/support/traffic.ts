import { randomUUID } from 'node:crypto';
import { systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import type { Reply } from './api.ts';
import { orderIdOf } from './placements.ts';
import { pick } from './random.ts';
import type { Customer, Shop } from './shop.ts';

/** One thing people do, to the end, whatever is broken meanwhile. */
type Journey = (traffic: Traffic, customer: Customer) => Promise<void>;

/**
 * For the slowest way back: an order is given up a minute after it began, when its neighbours died
 * again and again, and what is undone is tried again after half a minute at the latest, also twice.
 */
const patienceMs = 180_000;

/** What passes between two journeys, on average: without it a machine does nothing but to serve. */
const thinkMs = 200;

const settled = new Set([200, 404, 409]);

const journeys: Readonly<Record<string, Journey>> = {
  async buy(_, customer) {
    await customer.insistsOn({ common: 1 }, {}, patienceMs);
  },
  async 'be declined'(_, customer) {
    await customer.insistsOn({ common: 1 }, { token: 'tok_declined' }, patienceMs);
  },
  async 'find it sold out'(_, customer) {
    await customer.insistsOn({ rare: 5 }, {}, patienceMs);
  },
  async 'meet a provider that fails once'(_, customer) {
    await customer.insistsOn({ common: 1 }, { token: 'tok_error_once' }, patienceMs);
  },
  async 'meet a provider that falls silent'(_, customer) {
    await customer.insistsOn({ common: 1 }, { token: 'tok_timeout_after_capture' }, patienceMs);
  },
  async 'buy and cancel'(_, customer) {
    const reply = await customer.insistsOn({ common: 2 }, {}, patienceMs);
    await insist(() => customer.cancels(orderIdOf(reply.body) ?? ''));
  },
  async 'cancel while it is under way'({ shop }, customer) {
    const key = randomUUID();
    const buying = customer.insistsOn({ common: 1 }, { key, token: 'tok_slow' }, patienceMs);
    const id = await eventually(() => orderOf(shop, key), patienceMs);
    await insist(() => customer.cancels(id));
    await buying;
  },
  async 'lose the reservation on the way'({ shop }, customer) {
    const key = randomUUID();
    const buying = customer.insistsOn({ common: 1 }, { key, token: 'tok_slow' }, patienceMs);
    await eventually(async () => expireReservation(shop, await orderOf(shop, key)), patienceMs);
    await buying;
  },
  async 'buy and be refunded'({ shop }, customer) {
    const reply = await customer.insistsOn({ common: 1 }, {}, patienceMs);
    const admin = await shop.admin();
    await insist(() => admin.refunds(orderIdOf(reply.body) ?? ''));
  },
};

const chores: Readonly<Record<string, Journey>> = {
  async 'sign up'({ shop }) {
    await eventually(() => shop.customer(), patienceMs);
  },
  async 'put a new product on the shelf'({ shop }) {
    const admin = await shop.admin();
    const { id } = await eventually(() => admin.createsProduct('novelty'), patienceMs);
    await admin.setsStock(id, 5, patienceMs);
  },
  async 'upload a picture'({ shop }) {
    const admin = await shop.admin();
    await eventually(() => admin.uploadsPicture(), patienceMs);
  },
};

/** A few people busy in the shop at all times, each with one thing after the other. */
export class Traffic {
  readonly shop: Shop;
  /** How often each journey was made to its end. */
  readonly made = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #random: () => number;
  #isOver = false;
  #people: Promise<unknown> = Promise.resolve();

  constructor(shop: Shop, random: () => number) {
    this.shop = shop;
    this.#random = random;
  }

  /** Opens the doors: `customers` who buy, and one who does what else there is to do. */
  async start(customers: number): Promise<void> {
    await this.shop.stocks({ common: 1_000_000, rare: 3 });
    const people = await this.shop.customers(customers + 1);
    this.#people = Promise.all(people.map((person, index) => this.#live(person, index)));
  }

  /** Closes the doors; everybody finishes what he is at. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#people;
  }

  /** The first one does the chores. Everybody does everything once, then what comes to his mind. */
  async #live(person: Customer, index: number): Promise<void> {
    const repertoire = index === 0 ? chores : journeys;
    const names = Object.keys(repertoire);
    const start = index % names.length;
    const once = [...names.slice(start), ...names.slice(0, start)];
    while (!this.#isOver) {
      const name = once.shift() ?? pick(this.#random, names);
      const startedMs = systemClock.monotonic();
      try {
        await repertoire[name]?.(this, person);
        this.made.set(name, (this.made.get(name) ?? 0) + 1);
      } catch (error) {
        const seconds = Math.round((systemClock.monotonic() - startedMs) / 1_000);
        const open = await unsettled(this.shop).catch(String);
        this.failures.push(`${name}, after ${seconds} s: ${String(error)}; unsettled: ${open}`);
      }
      await systemClock.sleep(thinkMs * 2 * this.#random());
    }
  }
}

/** Asks until the answer is one that will not change. */
async function insist(ask: () => Promise<Reply>): Promise<void> {
  await eventually(async () => {
    const { status, body } = await ask();
    if (!settled.has(status)) throw new Error(`${status} ${JSON.stringify(body)}`);
  }, patienceMs);
}

async function orderOf(shop: Shop, key: string): Promise<string> {
  const [row] = await shop.system.databases.query<{ order_id: string }>(
    'orders',
    'SELECT order_id FROM sagas WHERE idempotency_key = $1',
    [key],
  );
  if (row) return row.order_id;
  throw new Error(`there is no order for ${key} yet`);
}

/** Where the orders stand that are not settled, to tell one that is stuck from one that is late. */
async function unsettled({ system }: Shop): Promise<string> {
  const rows = await system.databases.query(
    'orders',
    `SELECT order_id, idempotency_key, state, attempts, sequence, next_attempt_at, lease_owner, now()
     FROM sagas WHERE state->>'phase' <> 'settled'`,
  );
  return JSON.stringify(rows);
}

/** As if the time for which the stock is held had passed. */
async function expireReservation({ system }: Shop, orderId: string): Promise<void> {
  const [order] = await system.databases.query<{ reservation_id: string; status: string }>(
    'orders',
    'SELECT reservation_id, status FROM orders WHERE id = $1',
    [orderId],
  );
  const expired = await system.databases.query(
    'inventory',
    `UPDATE reservations SET expires_at = now() WHERE id = $1 AND status = 'reserved' RETURNING id`,
    [order?.reservation_id],
  );
  const isTooLate = order?.status !== 'pending';
  if (expired.length === 0 && !isTooLate) throw new Error('nothing is reserved yet');
}
