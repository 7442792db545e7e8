import type { Clock } from '@faultline/chassis/clock';
import type { Logger } from '@faultline/chassis/log';
import type { Metrics } from '@faultline/chassis/metrics';
import { METRICS } from '@faultline/telemetry/metrics';
import type { Redis } from 'ioredis';
import { LocalBuckets } from './local-buckets.ts';
import { takeFromRedis } from './redis-buckets.ts';
import type { Decision, Rate } from './token-bucket.ts';

/** The limits by name. */
export type Limits = Readonly<Record<'api' | 'pages' | 'identity' | 'credentials', Rate>>;

/** For the connection to Redis: a limiter that is slow is away, and nobody waits longer for it. */
export const LIMITER_TIMEOUT_MS = 150;
/** How long to leave Redis alone after it failed. */
const PAUSE_MS = 1_000;

/** Counts requests across all replicas, or in this one while Redis is away. */
export class RateLimiter {
  readonly #options: { redis: Redis; clock: Clock; log: Logger; limits: Limits };
  readonly #local: LocalBuckets;
  readonly #decided: (limit: string, decision: string) => void;
  #redisFromMs = 0;

  constructor(options: {
    redis: Redis;
    clock: Clock;
    log: Logger;
    metrics: Pick<Metrics, 'counter'>;
    limits: Limits;
  }) {
    this.#options = options;
    this.#local = new LocalBuckets(options.clock);
    const counter = options.metrics.counter(METRICS.rateLimitDecisions);
    this.#decided = (limit, decision) => counter.inc({ limit, decision });
  }

  /** Takes one request of `subject` off a limit. Never fails: without Redis it counts by itself. */
  async take(limit: keyof Limits, subject: string): Promise<Decision & { rate: Rate }> {
    const rate = this.#options.limits[limit];
    const shared = await this.#takeShared(`limit:${limit}:${subject}`, rate);
    const decision = shared ?? this.#local.take(`${limit}:${subject}`, rate);
    if (!decision.allowed) this.#decided(limit, 'refused');
    else this.#decided(limit, shared ? 'allowed' : 'failed_open');
    return { ...decision, rate };
  }

  async #takeShared(key: string, rate: Rate): Promise<Decision | undefined> {
    const { redis, clock, log } = this.#options;
    if (clock.monotonic() < this.#redisFromMs) return undefined;
    try {
      return await takeFromRedis(redis, key, rate);
    } catch (error) {
      this.#redisFromMs = clock.monotonic() + PAUSE_MS;
      log.warn({ err: error }, 'rate limits are counted locally');
      return undefined;
    }
  }
}
