import type { Principal } from '@faultline/chassis/call';
import { callOf } from '@faultline/chassis/endpoint';
import { DependencyError } from '@faultline/chassis/http-client';
import type { Context, Middleware, Next } from 'koa';
import { edgeOf } from '../edge.ts';
import { type AccessTokens, bearerToken, notSignedIn } from '../identity/access-tokens.ts';
import type { BrowserSessions } from '../identity/browser-sessions.ts';
import type { Route } from '../routing.ts';

type PageRoute = Extract<Route, { kind: 'page' }>;

/** Establishes who asks: by Bearer token for the API, by cookies for pages, never the other way. */
export function authenticate(deps: {
  tokens: AccessTokens;
  sessions: BrowserSessions;
}): Middleware {
  return async (ctx, next) => {
    const { route } = edgeOf(ctx);
    if (route.kind === 'page') {
      await authenticatePage(ctx, { next, route, sessions: deps.sessions });
      return;
    }
    if (route.endpoint.access !== 'anyone') act(ctx, await readBearer(ctx, deps.tokens));
    await next();
  };
}

async function readBearer(ctx: Context, tokens: AccessTokens): Promise<Principal | undefined> {
  const { bearer } = edgeOf(ctx);
  if (bearer === undefined) return undefined;
  const token = bearerToken(bearer);
  const principal = token === undefined ? undefined : await tokens.verify(token);
  if (!principal) throw notSignedIn({ presented: true });
  return principal;
}

/** Renewed cookies go out with the reply, unless the page has set those very cookies itself. */
async function authenticatePage(
  ctx: Context,
  { next, route, sessions }: { next: Next; route: PageRoute; sessions: BrowserSessions },
): Promise<void> {
  const call = callOf(ctx);
  const { principal, setCookies } = await sessions
    .read(edgeOf(ctx).cookies, call)
    .catch((error: unknown) => {
      // Pages for everybody are shown to visitors as strangers while profiles is away.
      if (!(error instanceof DependencyError) || route.role !== null) throw error;
      return { principal: undefined, setCookies: [] };
    });
  act(ctx, principal);
  try {
    await next();
  } finally {
    if (setCookies.length > 0) addCookies(ctx, setCookies);
  }
}

function addCookies(ctx: Context, renewed: readonly string[]): void {
  const own = [ctx.response.get('Set-Cookie') ?? []].flat().filter((cookie) => cookie !== '');
  const taken = new Set(own.map(nameOf));
  ctx.set('Set-Cookie', [...renewed.filter((cookie) => !taken.has(nameOf(cookie))), ...own]);
  ctx.set('Cache-Control', 'private, no-store');
}

function nameOf(cookie: string): string {
  return cookie.slice(0, cookie.indexOf('='));
}

function act(ctx: Context, principal: Principal | undefined): void {
  const { clientAddress } = edgeOf(ctx);
  ctx.state['call'] = { ...callOf(ctx), principal, clientAddress };
}
