import type { Named, ParentRef, Route } from '../manifests/model.ts';
import type { World } from '../world.ts';
import { inOrder } from './order.ts';

type Condition = {
  readonly type: 'Accepted' | 'ResolvedRefs';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
};

type ParentStatus = {
  readonly parentRef: {
    readonly group: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly port?: number;
  };
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
};

/** An object's `status` as the policy controller writes it. */
export type ObjectStatus = {
  readonly ref: Named['ref'];
  readonly parents: readonly ParentStatus[];
};

const controllerName = 'linkerd.io/policy-controller';

/** The status of every route, for each of its parents that Linkerd looks after. */
export function routeStatuses(world: World): ObjectStatus[] {
  const http = world.manifests.routes.map((route) =>
    statusOf(route, { world, resolved: resolvedRefs(route, world) }),
  );
  const grpc = world.manifests.grpcRoutes.map((route) =>
    statusOf(route, { world, resolved: { ok: true } }),
  );
  return [...http, ...grpc];
}

/** The status of rate limits: a Server takes one. */
export function rateLimitStatuses(world: World): ObjectStatus[] {
  return world.manifests.rateLimits.map((limit) => {
    const { group, kind, namespace, name } = limit.target;
    const found = world.manifests.servers.some(
      ({ ref }) => ref.namespace === namespace && ref.name === name,
    );
    const chosen = inOrder(world.manifests.rateLimits).find(
      ({ target }) => target.namespace === namespace && target.name === name,
    );
    const verdict: Verdict = found
      ? chosen === limit
        ? { ok: true }
        : { ok: false, reason: 'RateLimitReasonAlreadyExists', message: chosen?.ref.name ?? '' }
      : { ok: false, reason: 'NoMatchingTarget', message: '' };
    const parentRef = { group, kind, namespace, name };
    const conditions = [condition('Accepted', verdict, { named: limit, world })];
    return { ref: limit.ref, parents: [{ parentRef, controllerName, conditions }] };
  });
}

/** Whether Linkerd uses a route for this parent; ResolvedRefs has no part in it. */
export function isAccepted(route: Named, parent: ParentRef, world: World): boolean {
  return accept(route, parent, world).ok;
}

type Verdict = { ok: true } | { ok: false; reason: string; message: string };

function statusOf(
  route: Named & { parents: readonly ParentRef[] },
  { world, resolved }: { world: World; resolved: Verdict },
): ObjectStatus {
  const parents = route.parents.filter(isOurs).map((parent) => ({
    parentRef: echo(parent),
    controllerName,
    conditions: [
      condition('Accepted', accept(route, parent, world), { named: route, world }),
      condition('ResolvedRefs', resolved, { named: route, world }),
    ],
  }));
  return { ref: route.ref, parents };
}

/** Gateways have controllers of their own. */
function isOurs({ kind }: ParentRef): boolean {
  return kind === 'Service' || kind === 'Server' || kind === 'EgressNetwork';
}

/** Whether a parent is a Service: the group must be the core one. */
export function isService({ group, kind }: { group: string | undefined; kind: string }): boolean {
  return kind === 'Service' && (group === undefined || group === '' || group === 'core');
}

/** Linkerd writes the core group out, and leaves out what the route leaves out. */
function echo({ kind, namespace, name, port }: ParentRef): ParentStatus['parentRef'] {
  const group = kind === 'Service' ? 'core' : 'policy.linkerd.io';
  return { group, kind, namespace, name, ...(port !== undefined && { port }) };
}

function accept(route: Named, parent: ParentRef, world: World): Verdict {
  const missing: Verdict = { ok: false, reason: 'NoMatchingParent', message: '' };
  if (parent.kind === 'Server') {
    const found = world.manifests.servers.some(
      ({ ref }) => ref.name === parent.name && ref.namespace === parent.namespace,
    );
    return found && parent.namespace === route.ref.namespace ? { ok: true } : missing;
  }
  if (parent.kind === 'EgressNetwork') {
    const found = world.manifests.egressNetworks.some(
      ({ ref }) => ref.name === parent.name && ref.namespace === parent.namespace,
    );
    return found ? { ok: true } : missing;
  }
  const service = world.services.find(
    ({ name, namespace }) => name === parent.name && namespace === parent.namespace,
  );
  if (!isService(parent) || !service?.hasClusterIp) return missing;
  return isDisplaced(route, parent, world)
    ? { ok: false, reason: 'RouteReasonConflicted', message: '' }
    : { ok: true };
}

/** A GRPCRoute on the same parent and port displaces HTTPRoutes. */
function isDisplaced(route: Named, parent: ParentRef, { manifests }: World): boolean {
  if (route.ref.kind !== 'HTTPRoute') return false;
  return manifests.grpcRoutes.some(({ parents }) =>
    parents.some(
      (other) =>
        isService(other) &&
        other.namespace === parent.namespace &&
        other.name === parent.name &&
        other.port === parent.port,
    ),
  );
}

/** Computed in the route's own namespace, unlike the path that requests take. */
function resolvedRefs(route: Route, { services }: World): Verdict {
  const refs = route.rules.flatMap(({ backends }) => backends);
  if (refs.some((ref) => !isService(ref))) {
    return { ok: false, reason: 'InvalidKind', message: '' };
  }
  const missing = refs.find(
    (ref) =>
      !services.some(
        ({ name, namespace }) =>
          name === ref.name && namespace === (ref.namespace ?? route.ref.namespace),
      ),
  );
  if (missing === undefined) return { ok: true };
  return { ok: false, reason: 'BackendNotFound', message: `Service not found ${missing.name}` };
}

function condition(
  type: Condition['type'],
  verdict: Verdict,
  { named, world }: { named: Named; world: World },
): Condition {
  return {
    type,
    status: verdict.ok ? 'True' : 'False',
    reason: verdict.ok ? type : verdict.reason,
    message: verdict.ok ? '' : verdict.message,
    ...(!world.settings.strictStatus && { observedGeneration: named.generation ?? 1 }),
  };
}
