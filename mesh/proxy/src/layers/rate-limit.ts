import type { LocalRateLimit } from '@faultline/mesh-core/rate-limit';
import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Request } from '../request.ts';

type Options = {
  readonly limit: LocalRateLimit | undefined;
  readonly clock: Clock;
  readonly onLimited: (request: Request, scope: 'total' | 'identity' | 'override') => void;
};

/** An HTTPLocalRateLimitPolicy: of this replica alone, 429 beyond it. */
export function rateLimit({ limit, clock, onLimited }: Options): Layer | undefined {
  if (!limit) return undefined;
  return (next) => (request) => {
    const met = limit.refuse(request.client.identity, clock.monotonic());
    if (!met) return next(request);
    onLimited(request, met);
    return Promise.reject(new ProxyError('rate-limited', `${met} rate limit reached`));
  };
}
