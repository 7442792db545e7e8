import { addressGroup } from '@faultline/chassis/client-address';
import { callOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { createAccount, createSession, refreshSession } from '@faultline/contracts/profiles';
import type { Context, Middleware } from 'koa';
import { type Edge, edgeOf } from '../edge.ts';
import type { Limits, RateLimiter } from '../limits/rate-limiter.ts';

const credentialOperations = new Set<string>([
  createAccount.id,
  createSession.id,
  refreshSession.id,
]);
const credentialPages = new Set(['/sign-in', '/sign-up']);

/** Limits an address, before anything is spent on it; passwords cost us more than other requests. */
export function limitAddresses(limiter: RateLimiter): Middleware {
  return async (ctx, next) => {
    const edge = edgeOf(ctx);
    const address = addressGroup(edge.clientAddress);
    await take(ctx, limiter, {
      limit: edge.route.kind === 'page' ? 'pages' : 'api',
      subject: address,
    });
    if (ctx.method === 'POST' && asksForCredentials(edge)) {
      await take(ctx, limiter, { limit: 'credentials', subject: address });
    }
    await next();
  };
}

/** Limits a principal, wherever he comes from. */
export function limitIdentities(limiter: RateLimiter): Middleware {
  return async (ctx, next) => {
    const { principal } = callOf(ctx);
    if (principal) await take(ctx, limiter, { limit: 'identity', subject: principal.id });
    await next();
  };
}

function asksForCredentials({ route, path }: Edge): boolean {
  return route.kind === 'page'
    ? credentialPages.has(path)
    : credentialOperations.has(route.endpoint.id);
}

async function take(
  ctx: Context,
  limiter: RateLimiter,
  { limit, subject }: { limit: keyof Limits; subject: string },
): Promise<void> {
  const { allowed, remaining, resetSeconds, retrySeconds, rate } = await limiter.take(
    limit,
    subject,
  );
  ctx.set({
    'RateLimit-Limit': String(rate.burst),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(resetSeconds),
  });
  if (allowed) return;
  throw new ProblemError('too_many_requests', 'Too many requests. Slow down.', {
    reason: `limit_${limit}`,
    retryAfterSeconds: retrySeconds,
  });
}
