import type { Middleware } from 'koa';

/** The first event of a stream may be minutes away: its head must not wait for it. */
export function sendHeadsEarly(): Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.response.type === 'text/event-stream') ctx.flushHeaders();
  };
}
