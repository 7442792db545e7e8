import {
  explainMismatch,
  type Matchable,
  matchHost,
  type RequestHead,
  type RouteMatch,
  type StringMatch,
} from '@faultline/mesh-core/match';
import type { ProxySnapshot, WireRouteMatch, WireStringMatch } from '@faultline/mesh-core/snapshot';

type WireRoutes<Rule> = readonly {
  readonly hostnames: readonly string[];
  readonly rules: readonly (Rule & { readonly matches: readonly WireRouteMatch[] })[];
}[];

/** Compiles the patterns of routes; `make` turns each rule into what is wanted when it matches. */
export function compileRoutes<Rule, Route extends WireRoutes<Rule>[number], Result>(
  routes: readonly Route[],
  make: (route: Route, rule: Route['rules'][number], index: number) => Result,
): Matchable<Result>[] {
  return routes.map((route) => ({
    hostnames: route.hostnames,
    rules: route.rules.map((rule, index) => ({
      matches: rule.matches.map(compileMatch),
      rule: make(route, rule, index),
    })),
  }));
}

/** Compiles every pattern of a snapshot for nothing. @throws SyntaxError when one cannot be used. */
export function checkPatterns({ services, servers }: ProxySnapshot): void {
  for (const { routes } of services) compileRoutes(routes, () => undefined);
  for (const { routes } of servers) compileRoutes(routes, () => undefined);
}

/** What the first rule that does not match would have needed; for the 404's reader. */
export function explainNoRoute<Rule>(
  routes: readonly Matchable<Rule>[],
  request: RequestHead,
): string | undefined {
  for (const { hostnames, rules } of routes) {
    if (matchHost(hostnames, request.authority) === undefined) {
      return `host ${request.authority} is not ${hostnames.join(' or ')}`;
    }
    const match = rules[0]?.matches[0];
    const mismatch = match && explainMismatch(match, request);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}

function compileMatch({ path, method, headers, query }: WireRouteMatch): RouteMatch {
  const named = (entries: NonNullable<WireRouteMatch['headers']>) =>
    entries.map(({ name, match }) => ({ name, match: compileString(match) }));
  return {
    ...(path && {
      path:
        path.type === 'RegularExpression'
          ? { type: path.type, value: new RegExp(path.value, 'u') }
          : { type: path.type, value: path.value },
    }),
    ...(method !== undefined && { method }),
    ...(headers && { headers: named(headers) }),
    ...(query && { query: named(query) }),
  };
}

function compileString({ type, value }: WireStringMatch): StringMatch {
  return type === 'RegularExpression' ? { type, value: new RegExp(value, 'u') } : { type, value };
}
