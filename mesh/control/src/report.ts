import type { ObjectRef, WireServer, WireServicePort } from '@faultline/mesh-core/snapshot';
import { missingAuthentications } from './compile/authorizations.ts';
import { compileInbound, serversOf } from './compile/inbound.ts';
import { compileServices, serviceWarnings } from './compile/outbound.ts';
import { type ObjectStatus, rateLimitStatuses, routeStatuses } from './compile/status.ts';
import { namespaceDefault } from './manifests/fields.ts';
import type { World } from './world.ts';

/** How calls travel: what `mesh routes` shows. */
export type RoutesReport = {
  /** `status` of every route, as the policy controller would write it. */
  readonly statuses: readonly ObjectStatus[];
  /** What applies to each Service port for clients in the default namespace. */
  readonly services: readonly WireServicePort[];
  readonly warnings: readonly string[];
};

/** Who may call whom: what `mesh policy` shows. */
export type PolicyReport = {
  readonly instances: readonly {
    readonly name: string;
    readonly servers: readonly WireServer[];
    readonly default: readonly { readonly name: string }[];
    /** Servers for a port that has an older one. */
    readonly unused: readonly ObjectRef[];
  }[];
  readonly rateLimits: readonly ObjectStatus[];
  readonly warnings: readonly string[];
};

/** The state of all routes, with what people should know about them. */
export function routesReport(world: World): RoutesReport {
  return {
    statuses: routeStatuses(world),
    services: compileServices(world, namespaceDefault),
    warnings: [
      ...world.services.flatMap((service) =>
        serviceWarnings(service).map(
          ([key, reason]) => `Service ${service.name}: ${key}: ${reason}`,
        ),
      ),
      ...profileWarnings(world),
      ...namespaceWarnings(world),
    ],
  };
}

/** The policies in force at every instance. */
export function policyReport(world: World): PolicyReport {
  return {
    instances: world.instances
      .filter(({ meshed }) => meshed)
      .map((instance) => {
        const { servers, defaultAuthorizations } = compileInbound(instance, world);
        return {
          name: instance.name,
          servers,
          default: defaultAuthorizations.map(({ name }) => ({ name })),
          unused: instance.ports.flatMap((port) =>
            serversOf(instance, port, world)
              .slice(1)
              .map(({ ref }) => ref),
          ),
        };
      }),
    rateLimits: rateLimitStatuses(world),
    warnings: world.manifests.authorizationPolicies.flatMap((policy) =>
      missingAuthentications(policy, world).map(
        (missing) =>
          `AuthorizationPolicy ${policy.ref.name}: there is no ${missing}, so it grants nothing`,
      ),
    ),
  };
}

function profileWarnings({ manifests }: World): string[] {
  return manifests.serviceProfiles.flatMap(({ inEffect, service }) => {
    const displaced = manifests.routes.filter(({ parents }) =>
      parents.some(
        ({ name, namespace }) => name === service.name && namespace === service.namespace,
      ),
    );
    if (!inEffect || displaced.length === 0) return [];
    const names = displaced.map(({ ref }) => ref.name).join(', ');
    return [
      `ServiceProfile of ${service.name} replaces its HTTPRoutes (${names}), its annotations and breaker`,
    ];
  });
}

/** Linkerd's data path and status disagree about where such a backend is. */
function namespaceWarnings({ manifests }: World): string[] {
  return manifests.routes
    .filter(({ ref, parents, rules }) => {
      const isConsumers = parents.some(({ namespace }) => namespace !== ref.namespace);
      const backends = rules.flatMap((rule) => rule.backends);
      return isConsumers && backends.some(({ namespace }) => namespace === undefined);
    })
    .map(
      ({ ref }) =>
        `HTTPRoute ${ref.name}: backendRefs without a namespace are in the parent's, not in ${ref.namespace}`,
    );
}
