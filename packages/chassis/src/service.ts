import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { flushTelemetry } from '@faultline/telemetry/flush';
import type Router from '@koa/router';
import type Koa from 'koa';
import type { Redis } from 'ioredis';
import { adminHandler, type HealthCheck } from './admin.ts';
import { createApp, type AppOptions } from './app.ts';
import { type Clock, systemClock } from './clock.ts';
import type { ServiceConfig } from './config.ts';
import { crashPoint, type CrashPoint } from './crash.ts';
import { exitNow, exitWhenIdle } from './exit.ts';
import { observeDependency } from './dependencies.ts';
import { consume, type ConsumerOptions, forgetHandled } from './consumer.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { migrate, untilMigrated } from './migrate.ts';
import { Outbox } from './outbox.ts';
import { connectPostgres, oncePostgresServes, type Postgres } from './postgres.ts';
import { connectBlockingRedis, connectRedis, disconnectRedis } from './redis.ts';
import { listen, type ListenOptions } from './server.ts';

const TELEMETRY_FLUSH_MS = 2_000;
const TIDY_INTERVAL_MS = 60_000;
const LAG_INTERVAL_MS = 2_000;
const CHECK_INTERVAL_MS = 2_000;

/** What {@link storeServiceConfig} gives, of which the stores need this. */
export type StoreConfig = {
  DATABASE_URL: string;
  DATABASE_POOL_MAX: number;
  MIGRATIONS: 'apply' | 'await';
  REDIS_URL: string;
};

/** Where a service keeps its data and through which it publishes. */
export type Stores = {
  postgres: Postgres;
  redis: Redis;
  /** A further connection, for blocking reads, closed with the background work. */
  blockingRedis: () => Redis;
  outbox: Outbox;
  /** Set by tests only; see `crash.ts`. */
  crash: CrashPoint | undefined;
};

/**
 * One running service process: what it is made of, started in the order of the calls and stopped
 * in the order that loses nothing (readiness off, background work, HTTP, outbox, stores).
 */
export class Service {
  readonly config: ServiceConfig;
  readonly clock: Clock = systemClock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly #checks: HealthCheck[] = [];
  readonly #background = new AbortController();
  readonly #work: Promise<unknown>[] = [];
  readonly #closers: (() => Promise<unknown>)[] = [];
  #started = false;

  constructor(config: ServiceConfig) {
    this.config = config;
    this.log = createLogger(config);
    this.metrics = createMetrics();
    this.lifecycle = new Lifecycle({ clock: this.clock, log: this.log });
  }

  /**
   * PostgreSQL with the migrations in `migrations` applied, by this process or by a Job that it waits
   * for; Redis, and the outbox between them with its relay running. The process starts whether Redis
   * is up or not.
   */
  async stores(config: StoreConfig, migrations: URL): Promise<Stores> {
    const postgres = connectPostgres({
      url: config.DATABASE_URL,
      applicationName: this.config.POD_NAME,
      poolMax: config.DATABASE_POOL_MAX,
      clock: this.clock,
      log: this.log,
    });
    this.metrics.watchPool(postgres.pool);
    const dir = fileURLToPath(migrations);
    await oncePostgresServes(() => this.#bringUpToDate(config, dir), this.clock);
    this.#checks.push({ name: 'postgresql', check: () => postgres.ping() });
    this.#closers.push(() => postgres.close());
    const redis = this.redis(config.REDIS_URL);
    const crash = crashPoint(this.config.CRASH_POINTS, this.config.CRASH_REPORT_FILE);
    const outbox = this.#outbox(postgres, redis, crash);
    const blockingRedis = () => this.blockingRedis(config.REDIS_URL);
    return { postgres, redis, blockingRedis, outbox, crash };
  }

  #bringUpToDate({ DATABASE_URL: url, MIGRATIONS: how }: StoreConfig, dir: string): Promise<void> {
    const { clock, log } = this;
    return how === 'apply' ? migrate({ url, dir, log }) : untilMigrated({ url, dir, clock, log });
  }

  /** Connects to Redis for request paths; the process starts whether Redis is up or not. */
  redis(url: string, options: { commandTimeoutMs?: number } = {}): Redis {
    const redis = connectRedis({ ...options, url, log: this.log });
    this.#checks.push({ name: 'redis', check: async () => void (await redis.ping()) });
    this.#closers.push(() => disconnectRedis(redis));
    return redis;
  }

  /** A Redis connection for blocking reads, closed with the background work. */
  blockingRedis(url: string): Redis {
    const redis = connectBlockingRedis({ url, log: this.log });
    this.#background.signal.addEventListener('abort', () => redis.disconnect());
    return redis;
  }

  /** A client of a neighbour, named as the mesh names it. */
  client(name: string, baseUrl: string, timeoutMs: number): HttpClient {
    return createHttpClient({
      name,
      baseUrl,
      timeoutMs,
      clock: this.clock,
      metrics: this.metrics.client,
    });
  }

  #outbox(postgres: Postgres, redis: Redis, crash: CrashPoint | undefined): Outbox {
    const outbox = new Outbox({
      postgres,
      redis,
      clock: this.clock,
      log: this.log,
      metrics: this.metrics.outbox,
      ...(crash ? { crash } : {}),
    });
    this.background('outbox relay', (signal) => outbox.relay(signal));
    this.every('outbox tidy', TIDY_INTERVAL_MS, () => outbox.tidy());
    this.every('outbox metrics', LAG_INTERVAL_MS, async () => {
      this.metrics.outbox.backlog(await outbox.backlog());
    });
    this.#closers.unshift(() => outbox.flush());
    return outbox;
  }

  /** Consumes a stream until the process stops. */
  consumer(options: Stores & Pick<ConsumerOptions, 'contract' | 'group' | 'handlers'>): void {
    const { clock, log, config } = this;
    const { crash, blockingRedis, ...rest } = options;
    const full = {
      ...rest,
      ...(crash ? { crash } : {}),
      blocking: blockingRedis(),
      consumer: config.POD_NAME,
      clock,
      log,
      metrics: this.metrics.consumer,
    };
    const { stream } = options.contract;
    this.background(`consumer of ${stream}`, (signal) => consume(full, signal));
    this.every('inbox tidy', TIDY_INTERVAL_MS, () => forgetHandled(options.postgres));
    this.every('consumer metrics', LAG_INTERVAL_MS, () =>
      this.metrics.consumer.observeLag({ redis: options.redis, group: options.group, stream }),
    );
  }

  /** Runs `work` beside the requests; it ends soon after its signal aborts. */
  background(name: string, work: (signal: AbortSignal) => Promise<unknown>): void {
    const running = work(this.#background.signal).catch((error: unknown) => {
      this.log.error({ err: error, work: name }, 'background work failed');
    });
    this.#work.push(running);
  }

  /** Runs `task` every `intervalMs`, one at a time; a failure is logged and the next one tried. */
  every(name: string, intervalMs: number, task: () => Promise<unknown>): void {
    this.background(name, async (signal) => {
      while (!signal.aborted) {
        await task().catch((error: unknown) =>
          this.log.debug({ err: error, work: name }, 'periodic work failed'),
        );
        await this.clock.sleep(intervalMs, signal);
      }
    });
  }

  /** A Koa app with the chassis' middleware; see {@link createApp}. */
  app(extra: Pick<AppOptions, 'renderProblem'> = {}): { app: Koa; router: Router } {
    return createApp({ ...this.appOptions(), ...extra });
  }

  /** What the chassis' middleware works with, for a service that arranges it itself. */
  appOptions(): AppOptions {
    return {
      name: this.config.SERVICE_NAME,
      version: this.config.SERVICE_VERSION,
      requestTimeoutMs: this.config.REQUEST_TIMEOUT_MS,
      clock: this.clock,
      log: this.log,
      metrics: this.metrics.http,
      draining: () => this.lifecycle.draining,
    };
  }

  /** Opens the admin port and, with an app, the service's port; then waits for SIGTERM or SIGINT. */
  async run(app?: Koa, options: Pick<ListenOptions, 'edge'> = {}): Promise<void> {
    const { config, clock, log } = this;
    const admin = await listen(
      adminHandler({
        registry: this.metrics.registry,
        ready: () => this.#started && !this.lifecycle.draining,
        checks: this.#checks,
        describe: () => ({
          service: config.SERVICE_NAME,
          version: config.SERVICE_VERSION,
          instance: config.POD_NAME,
        }),
      }),
      { address: config.LISTEN_ADMIN, clock },
    );
    const server = app
      ? await listen(app.callback(), { ...options, address: config.LISTEN_HTTP, clock })
      : undefined;
    this.#planShutdown(server, admin);
    this.#stopOnSignal();
    // Who is told that it is ready may stop it at once.
    this.#started = true;
    this.#watchDependencies();
    log.info({ admin: admin.url, http: server?.url }, 'started');
    // Node writes it at an orderly end: who is killed would have compiled everything in vain.
    flushCompileCache();
  }

  #watchDependencies(): void {
    const to = {
      clock: this.clock,
      tell: (dependency: { name: string; up: boolean }) =>
        this.metrics.dependencies.answered(dependency),
    };
    for (const check of this.#checks) {
      this.every(`check of ${check.name}`, CHECK_INTERVAL_MS, () => observeDependency(check, to));
    }
  }

  #planShutdown(
    server: Awaited<ReturnType<typeof listen>> | undefined,
    admin: Awaited<ReturnType<typeof listen>>,
  ): void {
    const steps: [string, (deadlineMs: number) => Promise<unknown>][] = [
      ['propagation delay', () => this.clock.sleep(this.config.DRAIN_DELAY_MS)],
      ['background work', () => (this.#background.abort(), Promise.all(this.#work))],
      ['http', async (deadlineMs) => server?.drain(deadlineMs - 2_000)],
      ...this.#closers.map((close): [string, () => Promise<unknown>] => ['close', close]),
      ['telemetry', () => flushTelemetry(TELEMETRY_FLUSH_MS)],
      ['admin', () => admin.drain(this.clock.monotonic() + 200)],
    ];
    for (const [name, stop] of steps) this.lifecycle.onShutdown({ name, stop });
  }

  /** The first signal drains; a second one, or the deadline, ends the process with a failure. */
  #stopOnSignal(): void {
    const onSignal = (signal: NodeJS.Signals) => {
      if (this.lifecycle.draining) {
        this.log.warn({ signal }, 'forced to stop');
        exitNow(1);
      }
      this.log.info({ signal }, 'draining');
      void this.lifecycle.shutdown(this.config.SHUTDOWN_TIMEOUT_MS).then((clean) => {
        this.log.info({ clean }, 'stopped');
        exitWhenIdle(clean ? 0 : 1);
      });
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  }
}
