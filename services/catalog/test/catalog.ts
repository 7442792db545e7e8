import { fileURLToPath } from 'node:url';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { createMetrics } from '@faultline/chassis/metrics';
import { Outbox } from '@faultline/chassis/outbox';
import { connectRedis } from '@faultline/chassis/redis';
import { asPrincipal, serve } from '@faultline/chassis/testing/app';
import { silentLog } from '@faultline/chassis/testing/log';
import { createTestDatabase, testRedisUrl } from '@faultline/chassis/testing/stores';
import type { Category, Product, SearchResult } from '@faultline/contracts/catalog';
import { mountCatalog } from '../src/app.ts';
import { Cache } from '../src/cache.ts';

export const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const admin = asPrincipal('01890000-0000-7000-8000-000000000001', 'admin');

/** What a test may read of a reply: each test knows which of these it asked for. */
export type Body = Product &
  SearchResult & { items: (Product & Category)[]; type: string; reason: string };

export type Reply = { status: number; body: Body };

/** A catalog on a database of its own. `redisUrl` may name a server that is not there. */
export async function startCatalog({ redisUrl = testRedisUrl(12) } = {}) {
  const db = await createTestDatabase(MIGRATIONS);
  const redis = connectRedis({ url: redisUrl, log: silentLog });
  const metrics = createMetrics();
  const outbox = new Outbox({
    postgres: db,
    redis,
    clock: systemClock,
    log: silentLog,
    metrics: metrics.outbox,
  });
  const { app, router } = createApp({
    name: 'catalog',
    version: '1.0.0',
    requestTimeoutMs: 5_000,
    clock: systemClock,
    log: silentLog,
    metrics: metrics.http,
    draining: () => false,
  });
  const cache = new Cache({ redis, clock: systemClock, log: silentLog });
  mountCatalog(router, { postgres: db, outbox, clock: systemClock, cache });
  const server = await serve(app);
  if (redisUrl === testRedisUrl(12)) await cleared(redis);

  async function call(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { ...admin, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  return {
    db,
    redis,
    outbox,
    url: server.url,
    call,
    /** The body of `GET path`, which must be a 200. */
    async read(path: string): Promise<Body> {
      const { status, body } = await call('GET', path);
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    /** Creates a product that has the fields a test cares about. */
    async add(fields: Record<string, unknown> = {}): Promise<Body> {
      const { status, body } = await call('POST', '/internal/v1/products', draft(fields));
      if (status !== 201) throw new Error(`create: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    /** The types of the outbox's events about a product, in order. */
    async eventsOf(id: string): Promise<string[]> {
      const { rows } = await db.pool.query<{ told: string }>(
        `SELECT event ->> 'type' || ' ' || (event ->> 'sequence') AS told FROM outbox
         WHERE event ->> 'subject' = $1 ORDER BY seq`,
        [id],
      );
      return rows.map(({ told }) => told);
    },
    async stop() {
      await server.close();
      redis.disconnect();
      await db.drop();
    },
  };
}

export type Catalog = Awaited<ReturnType<typeof startCatalog>>;

let made = 0;

/** A product draft with `fields` over defaults that no other draft shares. */
export function draft(fields: Record<string, unknown> = {}): Record<string, unknown> {
  made++;
  return {
    slug: `thing-${made}`,
    name: `Thing ${made}`,
    description: 'A thing for a test.',
    category: 'things',
    price: { amount: 1_000, currency: 'EUR' },
    attributes: {},
    ...fields,
  };
}

async function cleared(redis: ReturnType<typeof connectRedis>): Promise<void> {
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  await redis.flushdb();
}
