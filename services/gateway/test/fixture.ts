import { once } from 'node:events';
import type { AppOptions } from '@faultline/chassis/app';
import { type Clock, systemClock } from '@faultline/chassis/clock';
import { createForwarder } from '@faultline/chassis/forward';
import { createHttpClient } from '@faultline/chassis/http-client';
import { createMetrics, type Metrics } from '@faultline/chassis/metrics';
import { connectRedis, disconnectRedis } from '@faultline/chassis/redis';
import { listen } from '@faultline/chassis/server';
import { silentLog } from '@faultline/chassis/testing/log';
import { testRedisUrl } from '@faultline/chassis/testing/stores';
import { createGateway } from '../src/app.ts';
import { KeySet } from '../src/identity/key-set.ts';
import { LIMITER_TIMEOUT_MS, type Limits, RateLimiter } from '../src/limits/rate-limiter.ts';
import { json, type Reply, StubService } from './stub-service.ts';
import { createTokenMint } from './tokens.ts';

const ROOMY = { perSecond: 100_000, burst: 100_000 };
const NAMES = [
  'storefront',
  'catalog',
  'inventory',
  'orders',
  'profiles',
  'images',
  'notifications',
  'admin',
] as const;

export type FixtureOptions = {
  limits?: Partial<Limits>;
  trustedHops?: number;
  redisUrl?: string;
  inventoryTimeoutMs?: number;
  metrics?: Metrics;
  /** Of the key set; the rest runs on the machine's. */
  clock?: Clock;
};

export type Fixture = Awaited<ReturnType<typeof startGateway>>;

/** The gateway between a test and neighbours that write down what reaches them. */
export async function startGateway(options: FixtureOptions = {}) {
  const stubs = await startStubs();
  const mint = await createTokenMint();
  const publishKeys: Reply = (req, res) =>
    req.url === '/internal/v1/jwks'
      ? json(res, 200, { keys: [mint.publicJwk] })
      : json(res, 200, { service: 'profiles' });
  stubs.profiles.reply = publishKeys;

  const metrics = options.metrics ?? createMetrics();
  const redis = connectRedis({
    url: options.redisUrl ?? testRedisUrl(7),
    log: silentLog,
    commandTimeoutMs: LIMITER_TIMEOUT_MS,
  });
  if (options.redisUrl === undefined) await once(redis, 'ready');
  const clientOf = (name: (typeof NAMES)[number], timeoutMs: number) =>
    createHttpClient({
      name,
      baseUrl: stubs[name].url,
      timeoutMs,
      clock: systemClock,
      metrics: metrics.client,
    });
  const clients = {
    profiles: clientOf('profiles', 2_000),
    catalog: clientOf('catalog', 2_000),
    inventory: clientOf('inventory', options.inventoryTimeoutMs ?? 200),
  };
  const forwarders = new Map(
    NAMES.map((name) => [
      name as string, // Widened: the map is asked by any name.
      createForwarder({
        name,
        baseUrl: stubs[name].url,
        clock: systemClock,
        metrics: metrics.client,
        proxyEnv: {},
      }),
    ]),
  );
  const limits = {
    api: ROOMY,
    pages: ROOMY,
    identity: ROOMY,
    credentials: ROOMY,
    ...options.limits,
  };
  const app = createGateway({
    chassis: chassisOptions(metrics),
    config: {
      ALLOWED_HOSTS: ['localhost', '127.0.0.1', '[::1]'],
      TRUSTED_HOPS: options.trustedHops ?? 0,
    },
    clients,
    forwarders,
    keys: new KeySet({ profiles: clients.profiles, clock: options.clock ?? systemClock }),
    limiter: new RateLimiter({ redis, clock: systemClock, log: silentLog, metrics, limits }),
  });
  const server = await listen(app.callback(), {
    address: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    edge: true,
  });
  return {
    url: server.url,
    stubs,
    mint,
    redis,
    metrics,
    /** Whether anything at all went on to a neighbour (keys do not count). */
    forwarded: () =>
      Object.values(stubs).flatMap(({ received }) =>
        received.filter(({ url }) => url !== '/internal/v1/jwks'),
      ),
    reset() {
      for (const stub of Object.values(stubs)) stub.reset();
      stubs.profiles.reply = publishKeys;
    },
    async stop() {
      await server.drain(systemClock.monotonic() + 200);
      await disconnectRedis(redis);
      await Promise.all(Object.values(stubs).map((stub) => stub.stop()));
    },
  };
}

function chassisOptions(metrics: Metrics): AppOptions {
  return {
    name: 'gateway',
    version: '1.2.3',
    requestTimeoutMs: 10_000,
    clock: systemClock,
    log: silentLog,
    metrics: metrics.http,
    draining: () => false,
  };
}

async function startStubs(): Promise<Record<(typeof NAMES)[number], StubService>> {
  const stubs = {
    storefront: new StubService('storefront'),
    catalog: new StubService('catalog'),
    inventory: new StubService('inventory'),
    orders: new StubService('orders'),
    profiles: new StubService('profiles'),
    images: new StubService('images'),
    notifications: new StubService('notifications'),
    admin: new StubService('admin'),
  };
  await Promise.all(Object.values(stubs).map((stub) => stub.start()));
  return stubs;
}
