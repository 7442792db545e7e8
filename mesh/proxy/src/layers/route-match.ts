import { type Matchable, selectRule } from '@faultline/mesh-core/match';
import { ProxyError } from '../errors.ts';
import type { Handler } from '../layer.ts';
import type { Request } from '../request.ts';
import { explainNoRoute } from '../routes.ts';

/** A rule's own layers and how the decision log names it. */
export type RuleStack = {
  readonly route: string;
  readonly index: number;
  readonly handler: Handler;
};

/** Hands the request to the most specific rule; with routes and no match it is 404, not the default. */
export function routeMatch(
  routes: readonly Matchable<RuleStack>[],
  fallback: RuleStack,
  onNotFound: (request: Request) => void = () => undefined,
): Handler {
  return (request) => {
    const rule = routes.length === 0 ? fallback : selectRule(routes, request)?.rule;
    if (!rule) {
      onNotFound(request);
      const nearest = explainNoRoute(routes, request);
      if (nearest !== undefined) request.decision.nearest = nearest;
      return Promise.reject(new ProxyError('no-route', 'no route found for request'));
    }
    request.decision.route = rule.route;
    request.decision.rule = rule.index;
    return rule.handler(request);
  };
}
