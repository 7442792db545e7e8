import type { Clock } from '@faultline/chassis/clock';
import { type Bucket, type Decision, type Rate, takeToken } from './token-bucket.ts';

const BUCKETS_MAX = 10_000;

/** Buckets of this process alone. The longest unused ones give way to new ones. */
export class LocalBuckets {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(key: string, rate: Rate): Decision {
    const { bucket, decision } = takeToken(this.#buckets.get(key), rate, this.#clock.monotonic());
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > BUCKETS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    return decision;
  }
}
