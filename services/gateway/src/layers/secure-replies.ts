import type { Middleware } from 'koa';
import { edgeOf } from '../edge.ts';

/** Headers of neighbours that are nobody's business outside. */
const INTERNAL = /^(l5d-|x-principal-|x-request-timeout-ms$|server$|x-powered-by$)/;

/** What every reply says to browsers and caches, whoever made it. No CORS: the API is not for other sites' scripts. */
export function secureReplies(): Middleware {
  return async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    await next();
    ctx.set('X-Content-Type-Options', 'nosniff');
    for (const name of Object.keys(ctx.response.headers)) {
      if (INTERNAL.test(name)) ctx.remove(name);
    }
    const { route } = edgeOf(ctx);
    if (route?.kind !== 'operation') return;
    const shared = route.endpoint.access === 'anyone' && ctx.method === 'GET';
    if (!shared && !ctx.response.get('Cache-Control')) ctx.set('Cache-Control', 'no-store');
    if (!ctx.response.get('Content-Security-Policy')) {
      ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    }
  };
}
