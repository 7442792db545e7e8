import { ProblemError } from '@faultline/chassis/errors';
import type { Context, Middleware } from 'koa';
import { edgeOf } from '../edge.ts';
import { usesCookies } from '../identity/cookies.ts';

/**
 * Refuses to act on cookies for a page of another site. Every browser sends Origin with a POST;
 * what sends neither header is no browser, and nobody can make it carry a victim's cookies.
 */
export function requireSameOrigin(): Middleware {
  return (ctx, next) => {
    const safe = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (!safe && usesCookies(edgeOf(ctx).route) && isForeign(ctx)) {
      throw new ProblemError('forbidden', 'The request came from another site.', {
        reason: 'cross_site',
      });
    }
    return next();
  };
}

function isForeign(ctx: Context): boolean {
  const origin = ctx.get('Origin');
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '' && site !== 'same-origin' && site !== 'none') return true;
  return (
    origin !== '' &&
    origin.replace(/^https?:\/\//i, '').toLowerCase() !== edgeOf(ctx).host.toLowerCase()
  );
}
