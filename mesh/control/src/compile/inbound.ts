import type { WireAuthorization, WireServer } from '@faultline/mesh-core/snapshot';
import {
  defaultPolicies,
  type DefaultPolicy,
  type LabelSelector,
  type RateLimit,
  type Route,
  type Server,
} from '../manifests/model.ts';
import { identityOf, type MeshInstance, type MeshSettings, portOf, type World } from '../world.ts';
import { authorizationsFor, defaultAuthorizations } from './authorizations.ts';
import { inOrder } from './order.ts';
import { isAccepted } from './status.ts';

/** What an instance's own proxy enforces. */
export function compileInbound(
  instance: MeshInstance,
  world: World,
): {
  servers: WireServer[];
  defaultAuthorizations: WireAuthorization[];
  probePaths: string[];
} {
  const servers = instance.ports.flatMap((port) => {
    const [server] = serversOf(instance, port, world);
    return server ? [toWireServer(server, port.containerPort, world)] : [];
  });
  const policy = defaultPolicyOf(instance, world.settings);
  return {
    servers,
    defaultAuthorizations: defaultAuthorizations(policy, world.settings),
    probePaths: probePathsOf(instance),
  };
}

/** The Servers for a port of an instance: the first is used, the others are not. */
export function serversOf(
  { namespace, labels }: MeshInstance,
  port: MeshInstance['ports'][number],
  { manifests }: World,
): Server[] {
  return inOrder(
    manifests.servers.filter(
      (server) =>
        server.ref.namespace === namespace &&
        matchesLabels(server.selector, labels) &&
        (server.port === port.name || server.port === port.containerPort),
    ),
  );
}

/** The pod's annotation, where it is one of the known policies. */
function defaultPolicyOf({ annotations }: MeshInstance, settings: MeshSettings): DefaultPolicy {
  const wanted = annotations['config.linkerd.io/default-inbound-policy'];
  return defaultPolicies.find((known) => known === wanted) ?? settings.defaultInboundPolicy;
}

/** Probes of ports that are not in the mesh do not meet the proxy. */
function probePathsOf(instance: MeshInstance): string[] {
  const probes = instance.probes.filter(({ port }) => portOf(instance, port) !== undefined);
  return [...new Set(probes.map(({ path }) => path))];
}

function matchesLabels(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: MeshInstance['labels'],
): boolean {
  const pairs = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return pairs && matchExpressions.every((term) => holds(term, labels[term.key]));
}

function holds(
  { operator, values }: LabelSelector['matchExpressions'][number],
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function toWireServer(server: Server, port: number, world: World): WireServer {
  const granted = [
    ...authorizationsFor(server.ref, world),
    ...defaultAuthorizations(server.accessPolicy, world.settings),
  ];
  const limit = inOrder(world.manifests.rateLimits).find(
    ({ target }) => target.namespace === server.ref.namespace && target.name === server.ref.name,
  );
  return {
    port,
    ref: server.ref,
    protocol: server.protocol,
    authorizations: granted,
    routes: routesOf(server, world).map((route) => ({
      ref: route.ref,
      hostnames: route.hostnames,
      rules: route.rules.map(({ matches }) => ({ matches })),
      // A route's own policies come on top of its Server's.
      authorizations: [...authorizationsFor(route.ref, world), ...granted],
    })),
    ...(limit && { rateLimit: toRateLimit(limit, world.settings) }),
  };
}

function routesOf({ ref }: Server, world: World): Route[] {
  return inOrder(
    world.manifests.routes.filter(
      (route) =>
        route.indexed &&
        route.parents.some(
          (parent) =>
            parent.kind === 'Server' &&
            parent.name === ref.name &&
            parent.namespace === ref.namespace &&
            isAccepted(route, parent, world),
        ),
    ),
  );
}

function toRateLimit(
  { ref, totalPerSecond, identityPerSecond, overrides }: RateLimit,
  settings: MeshSettings,
): NonNullable<WireServer['rateLimit']> {
  return {
    ref,
    ...(totalPerSecond !== undefined && { totalPerSecond }),
    ...(identityPerSecond !== undefined && { identityPerSecond }),
    overrides: overrides.map(({ perSecond, accounts }) => ({
      perSecond,
      identities: accounts.map((account) => identityOf(account, settings)),
    })),
  };
}
