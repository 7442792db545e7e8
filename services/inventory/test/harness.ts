import { fileURLToPath } from 'node:url';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { createHttpClient, type HttpClient } from '@faultline/chassis/http-client';
import { uuidv7 } from '@faultline/chassis/ids';
import { createMetrics } from '@faultline/chassis/metrics';
import { Outbox } from '@faultline/chassis/outbox';
import { connectRedis, disconnectRedis } from '@faultline/chassis/redis';
import { serve } from '@faultline/chassis/testing/app';
import { silentLog } from '@faultline/chassis/testing/log';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import * as contract from '@faultline/contracts/inventory';
import { mountInventory } from '../src/app.ts';
import { change, type InventoryDeps } from '../src/deps.ts';
import { createStock } from '../src/stock-store.ts';

export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));

export type Item = { product_id: string; quantity: number };

/** The service on a database of its own, with short names for what the tests do to it. */
export class Inventory {
  readonly url: string;
  readonly deps: InventoryDeps;
  readonly database: TestDatabase;
  readonly #client: HttpClient;
  readonly #close: () => Promise<void>;

  constructor(options: {
    url: string;
    deps: InventoryDeps;
    database: TestDatabase;
    close: () => Promise<void>;
  }) {
    this.url = options.url;
    this.deps = options.deps;
    this.database = options.database;
    this.#close = options.close;
    this.#client = createHttpClient({
      name: 'inventory',
      baseUrl: this.url,
      timeoutMs: 15_000,
      clock: systemClock,
      metrics: { finished: () => undefined },
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** A new product of which `available` pieces are there. */
  async product(available: number): Promise<string> {
    const productId = newId();
    await change(this.deps, 'test', (tx) => createStock(tx, this.deps, { productId, available }));
    return productId;
  }

  reserve(id: string, items: Item[], ttlSeconds = 60) {
    const body = { items, ttl_seconds: ttlSeconds };
    return this.#client.call(contract.reserveStock, { params: { id }, body }, anyCall());
  }

  commit(id: string) {
    return this.#client.call(contract.commitReservation, { params: { id } }, anyCall());
  }

  release(id: string) {
    return this.#client.call(contract.releaseReservation, { params: { id } }, anyCall());
  }

  read(id: string) {
    return this.#client.call(contract.readReservation, { params: { id } }, anyCall());
  }

  availability(productIds: string[]) {
    const body = { product_ids: productIds };
    return this.#client.call(contract.getAvailability, { body }, anyCall());
  }

  list(query: { limit?: number; cursor?: string; available_below?: number } = {}) {
    return this.#client.call(contract.listStock, { query }, adminCall());
  }

  set(id: string, body: { available: number; version: number }) {
    return this.#client.call(contract.setStock, { params: { id }, body }, adminCall());
  }

  /** The product's counts, from the database. */
  async stock(productId: string): Promise<Record<string, number>> {
    const { rows } = await this.database.pool.query<Record<string, number>>(
      'SELECT received, available, reserved, sold FROM stock WHERE product_id = $1',
      [productId],
    );
    return rows[0] ?? {};
  }

  /** The events about `subject`, oldest first. */
  async events(subject: string): Promise<Record<string, unknown>[]> {
    const { rows } = await this.database.pool.query<{ event: Record<string, unknown> }>(
      `SELECT event FROM outbox WHERE event->>'subject' = $1 ORDER BY seq`,
      [subject],
    );
    return rows.map((row) => row.event);
  }

  /** Lets the time of a reservation be over. */
  async outlive(id: string): Promise<void> {
    await this.database.pool.query(
      `UPDATE reservations SET expires_at = now() - interval '1 second' WHERE id = $1`,
      [id],
    );
  }
}

export async function startInventory(): Promise<Inventory> {
  const database = await createTestDatabase(migrationsDir);
  const redis = connectRedis({ url: testRedisUrl(), log: silentLog });
  const common = { clock: systemClock, log: silentLog };
  const outbox = new Outbox({
    ...common,
    postgres: database,
    redis,
    metrics: createMetrics().outbox,
  });
  const deps = { postgres: database, outbox };
  const { app, router } = createApp({
    ...common,
    name: 'inventory',
    version: 'test',
    requestTimeoutMs: 15_000,
    metrics: createMetrics().http,
    draining: () => false,
  });
  mountInventory(router, deps);
  const server = await serve(app);
  const close = async () => {
    await server.close();
    await disconnectRedis(redis);
    await database.drop();
  };
  return new Inventory({ url: server.url, deps, database, close });
}

export function newId(): string {
  return uuidv7(systemClock);
}

function anyCall() {
  return {
    signal: new AbortController().signal,
    deadlineMs: systemClock.monotonic() + 15_000,
  };
}

function adminCall() {
  return { ...anyCall(), principal: { id: newId(), role: 'admin' } };
}
