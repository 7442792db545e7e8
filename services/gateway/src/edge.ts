import type { Context } from 'koa';
import type { Route } from './routing.ts';

/** What the layers find out about a request, each for those below it. */
export type Edge = {
  /** Canonical: what is routed, authorised and forwarded. */
  path: string;
  /** With its `?`, or empty. */
  search: string;
  /** As the client addressed us, with port. */
  host: string;
  protocol: 'http' | 'https';
  clientAddress: string;
  /** The headers that may go on; see `layers/rebuild-headers.ts`. */
  headers: Readonly<Record<string, string>>;
  /** The credentials that came along; they are judged here and do not go on. */
  bearer: string | undefined;
  cookies: string | undefined;
  route: Route;
};

/** The edge's knowledge of a request; a layer may read what the layers above it have written. */
export function edgeOf(ctx: Context): Edge {
  ctx.state['edge'] ??= {};
  return ctx.state['edge'];
}
