import { ProblemError } from '@faultline/chassis/errors';
import { bodyTooLarge } from '@faultline/chassis/forward';
import type { Endpoint } from '@faultline/chassis/endpoint';
import type { Context, Middleware } from 'koa';
import { edgeOf } from '../edge.ts';
import type { Route } from '../routing.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
/** Forms of the shop and the back office; pictures go through the API's limit. */
const PAGE_BODY_LIMIT_BYTES = 12 * 1024 * 1024;

/**
 * Judges a body by its head, before a byte of it is asked for or a neighbour is troubled. Bodies
 * of unknown length are counted as they pass.
 */
export function checkBody(): Middleware {
  return (ctx, next) => {
    const { route } = edgeOf(ctx);
    const length = Number(ctx.req.headers['content-length'] ?? 0);
    const hasBody = length > 0 || ctx.req.headers['transfer-encoding'] !== undefined;
    if (length > bodyLimitBytes(route)) throw bodyTooLarge(bodyLimitBytes(route));
    if (route.kind === 'operation') checkMediaType(ctx, route.endpoint, hasBody);
    if (ctx.req.headers.expect !== undefined && hasBody) {
      ctx.remove('Connection');
      ctx.res.writeContinue();
    }
    return next();
  };
}

/** How long the body of a request to `route` may be. */
export function bodyLimitBytes(route: Route): number {
  if (route.kind === 'page') return PAGE_BODY_LIMIT_BYTES;
  return route.endpoint.bodyLimitBytes ?? BODY_LIMIT_BYTES;
}

function checkMediaType(ctx: Context, { body, rawBody }: Endpoint, hasBody: boolean): void {
  const accepted = rawBody ?? (body ? ['application/json'] : undefined);
  if (!accepted) return;
  if (!hasBody) throw new ProblemError('invalid_request', 'The request needs a body.');
  const [type = '', ...parameters] = ctx.get('Content-Type').toLowerCase().split(';');
  const charset = parameters.map((text) => /^\s*charset\s*=\s*"?([^"\s]*)/.exec(text)?.[1]);
  const foreign = charset.some((name) => name !== undefined && name !== 'utf-8');
  if (accepted.includes(type.trim()) && !foreign) return;
  throw new ProblemError('unsupported_media_type', `Send ${accepted.join(', ')}.`, {
    headers: { Accept: accepted.join(', ') },
  });
}
