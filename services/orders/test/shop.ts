import { fileURLToPath } from 'node:url';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { createMetrics } from '@faultline/chassis/metrics';
import { Outbox } from '@faultline/chassis/outbox';
import { connectRedis } from '@faultline/chassis/redis';
import { asPrincipal, serve } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import { type Order, order as orderSchema } from '@faultline/contracts/orders';
import { expect } from 'chai';
import pg from 'pg';
import { createOrders, mountOrders, type OrdersOptions } from '../src/app.ts';
import { createOrdersMetrics } from '../src/metrics.ts';
import { mug, Neighbours } from './neighbours.ts';

export const alice = '01990000-0000-7000-8000-00000000000a';
export const bob = '01990000-0000-7000-8000-00000000000b';

const address = {
  name: 'Alice',
  line1: 'Road 1',
  city: 'Bonn',
  postal_code: '1',
  country: 'DE',
};

/** The body of an order for mugs, unless `changes` says otherwise. */
export function draft(changes: object = {}): object {
  return {
    items: [{ product_id: mug, quantity: 2 }],
    shipping_address: address,
    payment: { token: 'tok_ok' },
    ...changes,
  };
}

export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  // Tests look into bodies of any shape.
  body: Record<string, unknown> & { items?: Record<string, unknown>[] };
};

/** One replica of the orders service, serving HTTP. */
export type Replica = {
  url: string;
  orders: ReturnType<typeof createOrders>;
  metrics: ReturnType<typeof createMetrics>;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  place(key: string, body?: object, account?: string): Promise<Answer>;
  /** Ends its background work, as a drained process does. */
  stop(): Promise<void>;
};
type RequestOptions = {
  account?: string;
  role?: string;
  headers?: Record<string, string>;
  body?: unknown;
};

/** A database, neighbours, and as many replicas as a test starts; all end with the test. */
export class Shop {
  readonly database: TestDatabase;
  neighbours = new Neighbours();
  readonly #redis = connectRedis({ url: testRedisUrl(4), log: silentLog });
  readonly #outbox: Outbox;
  #replicas: Replica[] = [];

  private constructor(database: TestDatabase) {
    this.database = database;
    this.#outbox = new Outbox({
      ...{ postgres: database, redis: this.#redis, clock: systemClock, log: silentLog },
      metrics: createMetrics().outbox,
    });
  }

  static async open(): Promise<Shop> {
    const migrations = fileURLToPath(new URL('../migrations', import.meta.url));
    return new Shop(await createTestDatabase(migrations));
  }

  async replica(overrides: Partial<OrdersOptions> = {}): Promise<Replica> {
    const { database, neighbours } = this;
    const { log, clock } = { log: silentLog, clock: systemClock };
    const metrics = createMetrics();
    const orders = createOrders({
      ...{ postgres: database, outbox: this.#outbox, clock, log, random: () => 0.5, owner: 'test' },
      catalog: neighbours.catalog,
      inventory: neighbours.inventory,
      payments: neighbours.payments,
      createClient: () => new pg.Client({ connectionString: database.url }),
      metrics: createOrdersMetrics(metrics),
      ...{ callTimeoutMs: 200, placeWaitMs: 10_000, giveUpMs: 60_000, leaseMs: 15_000 },
      ...{ concurrency: 8, pollMs: 20 },
      backoff: { firstMs: 5, forwardMsMax: 20, undoMsMax: 20 },
      ...overrides,
    });
    const app = createApp({
      ...{ name: 'orders', version: '1', requestTimeoutMs: 15_000, clock, log },
      metrics: metrics.http,
      draining: () => false,
    });
    mountOrders(app.router, orders);
    const server = await serve(app.app);
    const stopping = new AbortController();
    const running = orders.run(stopping.signal);
    const replica: Replica = {
      ...{ url: server.url, orders, metrics },
      request: (method, path, options) => send(server.url + path, method, options),
      place: (key, body = draft(), account = alice) =>
        replica.request('POST', '/api/v1/orders', {
          account,
          body,
          headers: { 'idempotency-key': key },
        }),
      async stop() {
        stopping.abort();
        await running;
        await server.close();
      },
    };
    this.#replicas.push(replica);
    return replica;
  }

  /** Stops the replicas and forgets all orders. */
  async reset(): Promise<void> {
    this.neighbours.release();
    await Promise.all(this.#replicas.splice(0).map((replica) => replica.stop()));
    await this.query('TRUNCATE orders, sagas, payment_tokens, outbox, idempotency_keys');
    this.neighbours = new Neighbours();
  }

  async close(): Promise<void> {
    await this.reset();
    this.#redis.disconnect();
    await this.database.drop();
  }

  async query(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const { rows } = await this.database.pool.query<Record<string, unknown>>(sql, values);
    return rows;
  }

  async events(): Promise<{ type: string; sequence: number; subject: string }[]> {
    const rows = await this.query('SELECT event FROM outbox ORDER BY seq');
    // The outbox wrote these.
    return rows.map((row) => row['event'] as { type: string; sequence: number; subject: string });
  }

  async statuses(): Promise<unknown[]> {
    return (await this.query('SELECT status FROM orders ORDER BY id')).map((row) => row['status']);
  }

  /** Waits until nothing is under way, then checks that stock and money belong to confirmed orders alone. */
  async settled(): Promise<void> {
    await eventually(async () => {
      const open = await this.query('SELECT state FROM sagas WHERE next_attempt_at IS NOT NULL');
      expect(open).to.deep.equal([]);
    }, 15_000);
    const { stock, money } = this.neighbours;
    stock.check();
    for (const row of await this.query('SELECT * FROM orders')) {
      const sold = row['status'] === 'confirmed';
      const [reservation, payment] = [String(row['reservation_id']), String(row['payment_id'])];
      expect(stock.holds(reservation), `stock of a ${row['status']} order`).to.equal(sold);
      expect(money.holds(payment), `payment of a ${row['status']} order`).to.equal(sold);
      if (sold) expect(money.charges.get(payment)?.amount).to.equal(row['total_amount']);
    }
    expect(await this.query('SELECT * FROM payment_tokens')).to.deep.equal([]);
  }
}

async function send(url: string, method: string, options: RequestOptions = {}): Promise<Answer> {
  const { account = alice, role = 'customer', headers = {}, body } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...asPrincipal(account, role),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, text, body: parsed };
}

/** The body as an order; fails when it is none. */
export function asOrder(answer: Pick<Answer, 'body'>): Order {
  return orderSchema.parse(answer.body);
}
