import { isDeepStrictEqual } from 'node:util';
import type { Canary, Weights } from './canary.ts';
import type { RequestMatch } from './schema.ts';

type StringMatch = { type: 'Exact' | 'RegularExpression'; name: string; value: string };

type RouteMatch = {
  path?: { type: 'Exact' | 'PathPrefix' | 'RegularExpression'; value: string };
  method?: string;
  headers?: StringMatch[];
  queryParams?: StringMatch[];
};

type Rule = {
  matches: RouteMatch[];
  backendRefs: { group: ''; kind: 'Service'; name: string; port: number; weight: number }[];
  timeouts?: { request: string };
};

/** The HTTPRoute that Flagger keeps for a Canary; the mesh reads it like any other. */
export type CanaryRoute = {
  apiVersion: `gateway.networking.k8s.io/${'v1' | 'v1beta1'}`;
  kind: 'HTTPRoute';
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  };
  spec: { parentRefs: Canary['service']['gatewayRefs']; rules: Rule[] };
};

/** The HTTPRoute that sends a Service's calls to both versions by their weights. */
export function routeOf(canary: Canary, weights: Weights): CanaryRoute {
  const { service, services, strategy, provider } = canary;
  const own = service.match.map(toMatch);
  const matches: RouteMatch[] =
    own.length > 0 ? own : [{ path: { type: 'PathPrefix', value: '/' } }];
  const timeouts = service.timeout === undefined ? {} : { timeouts: { request: service.timeout } };
  const backend = (name: string, weight: number) => {
    return { group: '', kind: 'Service', name, port: service.port, weight } as const;
  };
  const primary = backend(services.primary, weights.primary);
  const split: Rule = {
    matches,
    backendRefs: [primary, backend(services.canary, weights.canary)],
    ...timeouts,
  };
  const rules: Rule[] =
    strategy.kind === 'a-b'
      ? [
          { ...split, matches: merge(strategy.match.map(toMatch), matches) },
          { matches, backendRefs: [backend(services.primary, 100)], ...timeouts },
        ]
      : [split];
  return {
    apiVersion: `gateway.networking.k8s.io/${provider === 'gatewayapi:v1' ? 'v1' : 'v1beta1'}`,
    kind: 'HTTPRoute',
    metadata: { name: services.apex, namespace: canary.namespace, ...service.apex },
    spec: { parentRefs: service.gatewayRefs, rules },
  };
}

function toMatch({ uri, method, headers, queryParams }: RequestMatch): RouteMatch {
  const values = (all: RequestMatch['headers']): StringMatch[] =>
    Object.entries(all).map(([name, { exact, regex }]) =>
      exact === undefined
        ? { type: 'RegularExpression', name, value: regex ?? '' }
        : { type: 'Exact', name, value: exact },
    );
  const [head, query] = [values(headers), values(queryParams)];
  return {
    ...(uri && { path: toPath(uri) }),
    ...(method && { method: method.exact }),
    ...(head.length > 0 && { headers: head }),
    ...(query.length > 0 && { queryParams: query }),
  };
}

function toPath({ exact, prefix, regex }: NonNullable<RequestMatch['uri']>) {
  if (exact !== undefined) return { type: 'Exact', value: exact } as const;
  if (prefix !== undefined) return { type: 'PathPrefix', value: prefix } as const;
  return { type: 'RegularExpression', value: regex ?? '' } as const;
}

/** Flagger takes only headers and query parameters of those who are to be tested on. */
function merge(testers: readonly RouteMatch[], all: readonly RouteMatch[]): RouteMatch[] {
  return testers.flatMap(({ headers, queryParams }) =>
    all.map((match) => ({
      ...match,
      ...(headers && { headers }),
      ...(queryParams && { queryParams }),
    })),
  );
}

/** What the mesh says of a route, for one parent. */
export type ParentStatus = {
  parentRef: object;
  conditions: readonly { type: string; status: string; observedGeneration?: number }[];
};

/**
 * The weights of a route that is live, or why Flagger would not read them. Its provider
 * `gatewayapi:v1` waits until the mesh says of which generation it speaks, for parents that are
 * told back exactly as they were named. Linkerd never says it.
 */
export function readWeights(
  canary: Canary,
  live: { route: CanaryRoute; generation: number; parents: readonly ParentStatus[] },
): Weights | { error: string } {
  const { route } = live;
  const refusal = canary.provider === 'gatewayapi:v1' ? findUnready(live) : undefined;
  if (refusal !== undefined) return { error: refusal };
  const split = route.spec.rules.find(({ backendRefs }) => backendRefs.length === 2);
  const weightOf = (service: string) =>
    split?.backendRefs.find(({ name }) => name === service)?.weight ?? 0;
  const { primary, canary: newOne } = canary.services;
  return { primary: weightOf(primary), canary: weightOf(newOne) };
}

function findUnready(live: {
  route: CanaryRoute;
  generation: number;
  parents: readonly ParentStatus[];
}): string | undefined {
  const { route, generation, parents } = live;
  for (const parent of route.spec.parentRefs) {
    const unready = parents
      .filter(({ parentRef }) => isDeepStrictEqual(parentRef, parent))
      .flatMap(({ conditions }) => conditions.filter(({ type }) => type === 'Accepted'))
      .find(({ status, observedGeneration = 0 }) => {
        return status !== 'True' || observedGeneration < generation;
      });
    if (unready === undefined) continue;
    const name = `HTTPRoute ${route.metadata.name}.${route.metadata.namespace}`;
    const observed = unready.observedGeneration ?? 0;
    const why = `status: ${unready.status}, observed generation: ${observed}, current generation: ${generation}`;
    return `${name} parent ${parent.name} is not ready (${why})`;
  }
  return undefined;
}
