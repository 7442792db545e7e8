import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { createHttpClient, type HttpClient } from '@faultline/chassis/http-client';
import { uuidv7 } from '@faultline/chassis/ids';
import { createMetrics } from '@faultline/chassis/metrics';
import { Outbox } from '@faultline/chassis/outbox';
import { connectRedis, disconnectRedis } from '@faultline/chassis/redis';
import { serve, type TestServer } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import type { Money } from '@faultline/contracts/common';
import * as contract from '@faultline/contracts/payments';
import { mountSandbox } from '../sandbox/app.ts';
import { Charges } from '../sandbox/charges.ts';
import { mountPayments } from '../src/app.ts';
import type { PaymentsDeps } from '../src/deps.ts';
import { resolveDue } from '../src/processor.ts';
import type { PaymentProvider } from '../src/provider/port.ts';
import { sandboxProvider } from '../src/provider/sandbox-adapter.ts';

export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));
export const price: Money = { amount: 4_999, currency: 'EUR' };

const PROVIDER_TIMEOUT_MS = 150;

/** The provider's app on a directory of its own. */
export type Sandbox = { charges: Charges; url: string; close(): Promise<void> };

export async function startSandbox(dir: string): Promise<Sandbox> {
  const charges = await Charges.open(dir);
  const { app, router } = newApp('payment-provider');
  mountSandbox(router, { charges, clock: systemClock });
  const server = await serve(app);
  const close = async () => {
    await server.close();
    await charges.close();
  };
  return { charges, url: server.url, close };
}

export async function temporaryDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'faultline-charges-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export function providerAt(url: string, timeoutMs = PROVIDER_TIMEOUT_MS): PaymentProvider {
  const client = clientOf('payment-provider', url);
  return sandboxProvider({ client, clock: systemClock, timeoutMs });
}

/** The service with the sandbox on a database of its own, with short names for the calls. */
export class Payments {
  readonly sandbox: Sandbox;
  readonly database: TestDatabase;
  /** Tests put faults in here: every request reads it anew. */
  readonly deps: PaymentsDeps;
  readonly url: string;
  readonly #client: HttpClient;
  readonly #close: () => Promise<void>;

  constructor(options: {
    sandbox: Sandbox;
    database: TestDatabase;
    deps: PaymentsDeps;
    server: TestServer;
    close: () => Promise<void>;
  }) {
    this.sandbox = options.sandbox;
    this.database = options.database;
    this.deps = options.deps;
    this.url = options.server.url;
    this.#client = clientOf('payments', this.url);
    this.#close = options.close;
  }

  close(): Promise<void> {
    return this.#close();
  }

  authorize(id: string, token = 'tok_ok', key = `order-${id}`) {
    const body = { payment_id: id, order_id: id, amount: price, token };
    const headers = { 'idempotency-key': key };
    return this.#client.call(contract.authorizePayment, { headers, body }, anyCall());
  }

  read(id: string) {
    return this.#client.call(contract.readPayment, { params: { id } }, anyCall());
  }

  capture(id: string) {
    return this.#client.call(contract.capturePayment, { params: { id } }, anyCall());
  }

  void(id: string) {
    return this.#client.call(contract.voidPayment, { params: { id } }, anyCall());
  }

  refund(id: string) {
    return this.#client.call(contract.refundPayment, { params: { id } }, anyCall());
  }

  /** A new payment, authorised. */
  async authorized(token = 'tok_ok'): Promise<string> {
    const id = newId();
    await this.authorize(id, token);
    return id;
  }

  /** Lets the resolver work until the payment is in `status`, without anybody asking. */
  async resolvedTo(id: string, status: string): Promise<void> {
    await eventually(async () => {
      await resolveDue(this.deps);
      const actual = await this.status(id);
      if (actual !== status) throw new Error(`payment ${id} is ${actual}, expected ${status}`);
    });
  }

  /** From the database, without asking the provider. */
  async status(id: string): Promise<string | undefined> {
    const { rows } = await this.database.pool.query<{ status: string }>(
      'SELECT status FROM payments WHERE id = $1',
      [id],
    );
    return rows[0]?.status;
  }

  /** How often each operation took effect at the provider. */
  effects(id: string) {
    return this.sandbox.charges.get(id)?.effects;
  }

  /** Types of the payment's events, oldest first, checking that they are counted from 1. */
  async events(id: string): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ type: string; sequence: number }>(
      `SELECT event->>'type' AS type, (event->>'sequence')::int AS sequence FROM outbox
       WHERE event->>'subject' = $1 ORDER BY seq`,
      [id],
    );
    if (rows.some((row, index) => row.sequence !== index + 1)) throw new Error('events miscounted');
    return rows.map((row) => row.type.replace('payment.', ''));
  }

  /** The payment's ledger as `kind account amount`. */
  async ledger(id: string): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ line: string }>(
      `SELECT concat_ws(' ', kind, account, amount) AS line FROM ledger_entries
       WHERE payment_id = $1 ORDER BY seq`,
      [id],
    );
    return rows.map((row) => row.line);
  }
}

export async function startPayments(): Promise<Payments> {
  const dir = await temporaryDir();
  const sandbox = await startSandbox(dir.path);
  const database = await createTestDatabase(migrationsDir);
  const redis = connectRedis({ url: testRedisUrl(), log: silentLog });
  const common = { clock: systemClock, log: silentLog, postgres: database };
  const outbox = new Outbox({ ...common, redis, metrics: createMetrics().outbox });
  const deps: PaymentsDeps = {
    ...common,
    outbox,
    provider: providerAt(sandbox.url),
    timing: { leaseMs: 2 * PROVIDER_TIMEOUT_MS + 50, retryMs: 10, retryMsMax: 40, watchMs: 60_000 },
  };
  const { app, router } = newApp('payments');
  mountPayments(router, deps);
  const server = await serve(app);
  const close = async () => {
    await server.close();
    await sandbox.close();
    await disconnectRedis(redis);
    await database.drop();
    await dir.remove();
  };
  return new Payments({ sandbox, database, deps, server, close });
}

function newApp(name: string) {
  return createApp({
    name,
    version: 'test',
    requestTimeoutMs: 15_000,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics().http,
    draining: () => false,
  });
}

function clientOf(name: string, baseUrl: string): HttpClient {
  return createHttpClient({
    name,
    baseUrl,
    timeoutMs: 15_000,
    clock: systemClock,
    metrics: { finished: () => undefined },
  });
}

function anyCall() {
  return {
    signal: new AbortController().signal,
    deadlineMs: systemClock.monotonic() + 15_000,
  };
}

export function newId(): string {
  return uuidv7(systemClock);
}
