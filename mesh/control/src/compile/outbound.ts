import {
  effectiveTimeouts,
  parseAccrual,
  type Parsed,
  parseRetry,
  parseTimeouts,
  type Timeouts,
} from '@faultline/mesh-core/annotations';
import type { RetryPolicy } from '@faultline/mesh-core/retry';
import type {
  WireBackend,
  WireRoute,
  WireRule,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';
import type { BackendRef, Route, RouteRule } from '../manifests/model.ts';
import type { MeshService, World } from '../world.ts';
import { inOrder } from './order.ts';
import { isAccepted, isService } from './status.ts';

/** Every Service, port by port, as clients in `clientNamespace` see it. */
export function compileServices(world: World, clientNamespace: string): WireServicePort[] {
  return world.services
    .filter(({ hasClusterIp, selector }) => hasClusterIp || Object.keys(selector).length > 0)
    .flatMap((service) => {
      const own = ownPolicy(service);
      const bare =
        !service.hasClusterIp || isReplacedByProfile(service, { world, clientNamespace });
      return service.ports.map((port): WireServicePort => {
        const head = { namespace: service.namespace, name: service.name, port: port.port };
        const protocol = protocolOf(service, port, world);
        const plain = {
          ...head,
          protocol,
          routes: [],
          timeouts: {},
          penalizeFailures: false,
          ...(!service.hasClusterIp && { headless: true as const }),
        };
        if (bare || protocol === 'opaque') return plain;
        const routes = routesFor({ service, port: port.port }, { world, clientNamespace });
        return {
          ...plain,
          routes: routes.map((route) => toWireRoute(route, { service, port: port.port, world })),
          timeouts: effectiveTimeouts(undefined, own.timeouts),
          ...(own.retry && { retry: own.retry }),
          ...(own.accrual && { accrual: own.accrual }),
          penalizeFailures:
            service.annotations['balancer.alpha.linkerd.io/penalize-failures'] === 'true',
        };
      });
    });
}

/** What is wrong with a Service's annotations, which Linkerd then ignores: annotation and reason. */
export function serviceWarnings({ annotations }: MeshService): [key: string, reason: string][] {
  const parsed: readonly Parsed<unknown>[] = [
    parseTimeouts(annotations),
    parseRetry(annotations),
    parseAccrual(annotations),
  ];
  return parsed.flatMap((result): [string, string][] =>
    result.ok ? [] : [[result.key, `${result.fault}; Linkerd ignores it`]],
  );
}

/** A Service's annotations; a set with a mistake in it counts as absent. */
function ownPolicy({ annotations }: MeshService) {
  const [timeouts, retry] = [parseTimeouts(annotations), parseRetry(annotations)];
  const accrual = parseAccrual(annotations);
  return {
    timeouts: timeouts.ok ? timeouts.value : undefined,
    retry: retry.ok ? retry.value : undefined,
    accrual: accrual.ok ? accrual.value : undefined,
  };
}

/** The profile in the client's namespace counts before the one beside the Service. */
function isReplacedByProfile(
  { namespace, name }: MeshService,
  { world, clientNamespace }: { world: World; clientNamespace: string },
): boolean {
  const profiles = world.manifests.serviceProfiles.filter(
    ({ service }) => service.name === name && service.namespace === namespace,
  );
  const own = profiles.find(({ ref }) => ref.namespace === clientNamespace);
  return (own ?? profiles.find(({ ref }) => ref.namespace === namespace))?.inEffect ?? false;
}

/** `appProtocol` decides before the opaque-ports annotation; anything unknown is opaque. */
function protocolOf(
  { annotations }: MeshService,
  { port, appProtocol }: MeshService['ports'][number],
  { settings }: World,
): WireServicePort['protocol'] {
  if (appProtocol === 'http') return 'http';
  if (appProtocol === 'kubernetes.io/h2c') return 'h2';
  if (appProtocol !== undefined) return 'opaque';
  const listed = annotations['config.linkerd.io/opaque-ports'];
  const isOpaque =
    listed === undefined ? settings.opaquePorts.includes(port) : covers(listed, port);
  return isOpaque ? 'opaque' : 'detect';
}

/** `25,8000-8100` */
function covers(list: string, port: number): boolean {
  return list.split(',').some((range) => {
    const [from, to = from] = range.trim().split('-').map(Number);
    return from !== undefined && to !== undefined && port >= from && port <= to;
  });
}

/** Routes beside the Service are everybody's; those elsewhere are their own namespace's only. */
function routesFor(
  { service, port }: { service: MeshService; port: number },
  { world, clientNamespace }: { world: World; clientNamespace: string },
): Route[] {
  const attached = world.manifests.routes.filter(
    (route) =>
      route.indexed &&
      [service.namespace, clientNamespace].includes(route.ref.namespace) &&
      route.parents.some(
        (parent) =>
          isService(parent) &&
          parent.name === service.name &&
          parent.namespace === service.namespace &&
          (parent.port === undefined || parent.port === port) &&
          isAccepted(route, parent, world),
      ),
  );
  return inOrder(attached);
}

type Place = { service: MeshService; port: number; world: World };

function toWireRoute(route: Route, place: Place): WireRoute {
  const service = ownPolicy(place.service);
  const retry = route.retry ?? service.retry;
  return {
    ref: route.ref,
    hostnames: route.hostnames,
    rules: route.rules.map((rule) => {
      const timeouts = effectiveTimeouts(timeoutsOf(route, rule), service.timeouts);
      return toWireRule(rule, { ...place, timeouts, retry });
    }),
  };
}

/** The annotations, completed by the rule's own timeout where they have none for the request. */
function timeoutsOf(route: Route, { requestMs }: RouteRule): Timeouts | undefined {
  if (requestMs === undefined) return route.timeouts;
  return { requestMs, ...route.timeouts };
}

function toWireRule(
  { matches, filters, backends }: RouteRule,
  place: Place & { timeouts: Timeouts; retry: RetryPolicy | undefined },
): WireRule {
  const { service, port, world, timeouts, retry } = place;
  const { namespace, name } = service;
  const parent: WireBackend = {
    weight: 1,
    filters: [],
    target: { kind: 'service', namespace, name, port },
  };
  return {
    matches,
    filters,
    backends:
      backends.length === 0 ? [parent] : backends.map((ref) => toBackend(ref, { service, world })),
    timeouts,
    ...(retry && { retry }),
  };
}

/** What cannot be called keeps its share; it answers 500 and says why. */
function toBackend(
  ref: BackendRef,
  { service, world }: { service: MeshService; world: World },
): WireBackend {
  const { name, port, weight, filters } = ref;
  // The parent's namespace, not the route's: they differ for routes of consumers.
  const namespace = ref.namespace ?? service.namespace;
  const found = world.services.some((one) => one.name === name && one.namespace === namespace);
  const invalid = (message: string): WireBackend => {
    return { weight, filters, target: { kind: 'invalid', message } };
  };
  if (!isService(ref)) return invalid(`unsupported backend type ${ref.group} ${ref.kind}`);
  if (port === undefined) return invalid(`missing port for backend Service ${name}`);
  if (!found) return invalid(`Service not found ${name}`);
  if (ref.hasUnsupportedFilter) return invalid('unsupported backend filter');
  return { weight, filters, target: { kind: 'service', namespace, name, port } };
}
