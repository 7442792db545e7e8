import { LocalRateLimit } from '@faultline/mesh-core/rate-limit';
import type { WireServer } from '@faultline/mesh-core/snapshot';

/** The limiter of a port: the same one, with what it has counted, while its policy stays the same. */
export class RateLimits {
  #policy = '';
  #limit: LocalRateLimit | undefined;

  of(policy: WireServer['rateLimit']): LocalRateLimit | undefined {
    const text = JSON.stringify(policy ?? null);
    if (text !== this.#policy) {
      this.#policy = text;
      this.#limit = policy && new LocalRateLimit(policy);
    }
    return this.#limit;
  }
}
