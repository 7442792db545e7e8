/**
 * A generic cell rate algorithm: `rate` requests a second with a burst of as many. Its whole state is
 * one time, the theoretical arrival time of the next request.
 */
export class RateLimiter {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(ratePerSecond: number) {
    this.#intervalMs = 1_000 / ratePerSecond;
    this.#toleranceMs = 1_000 - this.#intervalMs;
  }

  /** Takes one request at `nowMs`; false when it is one too many. */
  take(nowMs: number): boolean {
    const expectedMs = Math.max(this.#nextMs, nowMs);
    // The last digit of a float must not turn a request in time into one too early.
    if (expectedMs - nowMs > this.#toleranceMs + 1e-6) return false;
    this.#nextMs = expectedMs + this.#intervalMs;
    return true;
  }
}

/** An HTTPLocalRateLimitPolicy: requests a second in all, for each identity, and for chosen ones. */
export type RateLimitPolicy = {
  readonly totalPerSecond?: number;
  readonly identityPerSecond?: number;
  readonly overrides: readonly {
    readonly identities: readonly string[];
    readonly perSecond: number;
  }[];
};

const IDENTITIES_MAX = 10_000;

/**
 * Applies a policy in one proxy. The total comes first; then an override, which replaces the
 * identity's own limit. All clients without an identity share one bucket.
 */
export class LocalRateLimit {
  readonly #policy: RateLimitPolicy;
  readonly #total: RateLimiter | undefined;
  readonly #identities = new Map<string, RateLimiter>();

  constructor(policy: RateLimitPolicy) {
    this.#policy = policy;
    this.#total =
      policy.totalPerSecond === undefined ? undefined : new RateLimiter(policy.totalPerSecond);
  }

  /** Undefined when the request may pass, else which limit it met. */
  refuse(
    identity: string | undefined,
    nowMs: number,
  ): 'total' | 'identity' | 'override' | undefined {
    if (this.#total && !this.#total.take(nowMs)) return 'total';
    const override =
      identity && this.#policy.overrides.find((entry) => entry.identities.includes(identity));
    const perSecond = override ? override.perSecond : this.#policy.identityPerSecond;
    if (perSecond === undefined) return undefined;
    if (this.#limiterOf(identity ?? '', perSecond).take(nowMs)) return undefined;
    return override ? 'override' : 'identity';
  }

  #limiterOf(key: string, perSecond: number): RateLimiter {
    let limiter = this.#identities.get(key);
    if (!limiter) {
      limiter = new RateLimiter(perSecond);
      const [oldest] = this.#identities.keys();
      if (this.#identities.size >= IDENTITIES_MAX && oldest !== undefined)
        this.#identities.delete(oldest);
      this.#identities.set(key, limiter);
    }
    return limiter;
  }
}
