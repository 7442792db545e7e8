import { ProblemError } from '@faultline/chassis/errors';
import type { Middleware } from 'koa';
import { edgeOf } from '../edge.ts';
import type { RoutingTable } from '../routing.ts';

/** Finds who answers. Metrics and logs name the pattern, never the path. */
export function route(table: RoutingTable): Middleware {
  return (ctx, next) => {
    const edge = edgeOf(ctx);
    const match = table.match(ctx.method, edge.path);
    if (match.kind === 'not_found') {
      throw new ProblemError('not_found', 'There is no such resource.');
    }
    if (match.kind === 'method_not_allowed') {
      throw new ProblemError('method_not_allowed', `${ctx.method} is not possible here.`, {
        headers: { Allow: match.allow.join(', ') },
      });
    }
    edge.route = match.route;
    ctx.state['route'] =
      match.route.kind === 'operation' ? match.route.endpoint.path : match.route.name;
    return next();
  };
}
