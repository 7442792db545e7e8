import { parseRetry, parseTimeouts, type Parsed } from '@faultline/mesh-core/annotations';
import { parseDuration, parseGoDuration } from '@faultline/mesh-core/duration';
import type { WireFilter, WireRouteMatch } from '@faultline/mesh-core/snapshot';
import { type Kind, named } from './fields.ts';
import type { BackendRef, ParentRef, Route, RouteRule } from './model.ts';
import {
  type BackendManifest,
  type FilterManifest,
  type HttpRouteManifest,
  httpRouteSchema,
  type MatchManifest,
  type ParentManifest,
  type RuleManifest,
} from './route-fields.ts';
import { httpRouteFindings } from './route-findings.ts';

/** HTTPRoutes of the Gateway API and Linkerd's own. */
export const httpRoute: Kind<typeof httpRouteSchema, Route> = {
  schema: httpRouteSchema,
  findings: httpRouteFindings,
  toModel: toRoute,
};

function toRoute(manifest: HttpRouteManifest): Route {
  const head = named(manifest);
  const { annotations } = manifest.metadata;
  const isLinkerds = head.ref.group === 'policy.linkerd.io';
  return {
    ...head,
    indexed: httpRouteFindings(manifest).every(({ effect }) => effect !== 'drop'),
    parents: manifest.spec.parentRefs.map((parent) => toParent(parent, head.ref.namespace)),
    hostnames: manifest.spec.hostnames,
    rules: manifest.spec.rules.map((rule) => toRule(rule, { isLinkerds })),
    timeouts: valueOf(parseTimeouts(annotations)),
    retry: valueOf(parseRetry(annotations)),
  };
}

function valueOf<T>(parsed: Parsed<T>): T | undefined {
  return parsed.ok ? parsed.value : undefined;
}

/** A parent without a namespace is in the route's own. */
export function toParent(parent: ParentManifest, namespace: string): ParentRef {
  const { group, kind, name, port } = parent;
  return { group, kind, name, port, namespace: parent.namespace ?? namespace };
}

function toRule(rule: RuleManifest, { isLinkerds }: { isLinkerds: boolean }): RouteRule {
  const { request } = rule.timeouts;
  const parse = isLinkerds ? parseGoDuration : parseDuration;
  return {
    matches: rule.matches.map(toMatch),
    filters: rule.filters.flatMap((filter) => toFilter(filter, { isLinkerds })),
    backends: rule.backendRefs.map((backend) => toBackend(backend, { isLinkerds })),
    requestMs: request === undefined ? undefined : parse(request),
  };
}

function toMatch({ path, method, headers, queryParams }: MatchManifest): WireRouteMatch {
  const toPair = ({
    name,
    type,
    value,
  }: {
    name: string;
    type: 'Exact' | 'RegularExpression';
    value: string;
  }) => ({ name, match: { type, value } });
  return {
    path,
    ...(method !== undefined && { method }),
    ...(headers.length > 0 && { headers: headers.map(toPair) }),
    ...(queryParams.length > 0 && { query: queryParams.map(toPair) }),
  };
}

function toBackend(backend: BackendManifest, options: { isLinkerds: boolean }): BackendRef {
  const { group, kind, namespace, name, port, weight } = backend;
  const filters = backend.filters.map((filter) => toFilter(filter, options));
  return {
    ...{ group, kind, namespace, name, port, weight },
    filters: filters.flat(),
    hasUnsupportedFilter: filters.some(({ length }) => length === 0),
  };
}

/** None for a filter that Linkerd does not support. */
function toFilter(filter: FilterManifest, { isLinkerds }: { isLinkerds: boolean }): WireFilter[] {
  const { requestHeaderModifier, responseHeaderModifier, requestRedirect } = filter;
  if (requestHeaderModifier) return [{ type: 'RequestHeaderModifier', ...requestHeaderModifier }];
  if (responseHeaderModifier) {
    const type = isLinkerds ? 'RequestHeaderModifier' : 'ResponseHeaderModifier';
    return [{ type, ...responseHeaderModifier }];
  }
  return requestRedirect ? [toRedirect(requestRedirect)] : [];
}

function toRedirect(redirect: NonNullable<FilterManifest['requestRedirect']>): WireFilter {
  const { scheme, hostname, port, path, statusCode } = redirect;
  return {
    type: 'RequestRedirect',
    ...(scheme !== undefined && { scheme }),
    ...(hostname !== undefined && { hostname }),
    ...(port !== undefined && { port }),
    ...(path && {
      path: {
        type: path.type,
        value: path.type === 'ReplaceFullPath' ? path.replaceFullPath : path.replacePrefixMatch,
      },
    }),
    status: statusCode,
  };
}
