import type { Principal } from '@faultline/chassis/call';
import { callOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { Middleware } from 'koa';
import { edgeOf } from '../edge.ts';
import { notSignedIn } from '../identity/access-tokens.ts';

/** Lets through who may. The services check again; here it costs them nothing. */
export function authorise(): Middleware {
  return async (ctx, next) => {
    const { route, path, search } = edgeOf(ctx);
    const { principal } = callOf(ctx);
    if (route.kind === 'page' && route.role !== null && !principal) {
      ctx.status = 303;
      ctx.set('Location', `/sign-in?next=${encodeURIComponent(`${path}${search}`)}`);
      ctx.set('Cache-Control', 'no-store');
      return;
    }
    requireRole(route.kind === 'page' ? route.role : roleOf(route.endpoint.access), principal);
    await next();
  };
}

/** The role that an operation's access demands; null for none. Every principal is a customer. */
function roleOf(access: string): string | null {
  if (access === 'principal') return 'customer';
  return access === 'admin' ? 'admin' : null;
}

function requireRole(needed: string | null, principal: Principal | undefined): void {
  if (needed === null) return;
  if (!principal) throw notSignedIn({ presented: false });
  if (needed === 'admin' && principal.role !== 'admin') {
    throw new ProblemError('forbidden', 'This resource needs the role admin.');
  }
}
