import type { Authentication } from '@faultline/mesh-core/authorize';
import type { ObjectRef, WireAuthorization } from '@faultline/mesh-core/snapshot';
import type {
  AuthorizationPolicy,
  DefaultPolicy,
  IdentityPattern,
  Named,
} from '../manifests/model.ts';
import { identityOf, type MeshSettings, type World } from '../world.ts';
import { inOrder } from './order.ts';

/** What a default policy allows; `deny` allows nothing. */
export function defaultAuthorizations(
  policy: DefaultPolicy,
  { clusterNetworks }: MeshSettings,
): WireAuthorization[] {
  const ref = { group: '', kind: 'default', namespace: '', name: policy };
  const networks = clusterNetworks.map((cidr) => ({ cidr, except: [] }));
  switch (policy) {
    case 'deny':
      return [];
    case 'audit':
      return [{ ...ref, authentication: {}, audit: true }];
    case 'all-unauthenticated':
      return [{ ...ref, authentication: {} }];
    case 'all-authenticated':
      return [{ ...ref, authentication: { identities: ['*'] } }];
    case 'cluster-unauthenticated':
      return [{ ...ref, authentication: { networks } }];
    case 'cluster-authenticated':
      return [{ ...ref, authentication: { identities: ['*'], networks } }];
  }
}

/** The grants of the policies for a Server, its namespace or a route. Each one is enough. */
export function authorizationsFor(target: ObjectRef, world: World): WireAuthorization[] {
  const policies = world.manifests.authorizationPolicies.filter((policy) =>
    isTargeted(policy, target),
  );
  return inOrder(policies).flatMap((policy) => {
    const authentication = authenticationOf(policy, world);
    return authentication ? [{ ...policy.ref, authentication }] : [];
  });
}

/** Names of what a policy requires and there is not; with any, the policy grants nothing. */
export function missingAuthentications(policy: AuthorizationPolicy, world: World): string[] {
  return policy.required
    .filter((required) => {
      const { meshTlsAuthentications, networkAuthentications } = world.manifests;
      if (required.kind === 'ServiceAccount') return false;
      return required.kind === 'MeshTLSAuthentication'
        ? find(meshTlsAuthentications, required) === undefined
        : find(networkAuthentications, required) === undefined;
    })
    .map(({ kind, name }) => `${kind} ${name}`);
}

function isTargeted({ target, ref }: AuthorizationPolicy, object: ObjectRef): boolean {
  if (ref.namespace !== object.namespace) return false;
  if (target.kind === 'Namespace') {
    return object.kind === 'Server' && target.name === object.namespace;
  }
  return (
    target.kind === object.kind && target.group === object.group && target.name === object.name
  );
}

/** All that is required together, or undefined when some of it does not exist. */
function authenticationOf(policy: AuthorizationPolicy, world: World): Authentication | undefined {
  if (missingAuthentications(policy, world).length > 0) return undefined;
  const identities = policy.required.flatMap((ref) => identitiesOf(ref, world));
  const networks = policy.required
    .filter(({ kind }) => kind === 'NetworkAuthentication')
    .flatMap((wanted) => find(world.manifests.networkAuthentications, wanted)?.networks ?? []);
  return {
    ...(identities.length > 0 && { identities }),
    ...(networks.length > 0 && { networks }),
  };
}

type Reference = AuthorizationPolicy['required'][number];

function identitiesOf(required: Reference, { manifests, settings }: World): string[] {
  if (required.kind === 'ServiceAccount') return [identityOf(required, settings)];
  if (required.kind !== 'MeshTLSAuthentication') return [];
  const found = find(manifests.meshTlsAuthentications, required);
  return found?.identities.map((pattern) => toName(pattern, settings)) ?? [];
}

function find<T extends Named>(objects: readonly T[], wanted: Reference): T | undefined {
  return objects.find(({ ref }) => ref.namespace === wanted.namespace && ref.name === wanted.name);
}

function toName(pattern: IdentityPattern, settings: MeshSettings): string {
  switch (pattern.kind) {
    case 'name':
      return pattern.name;
    case 'account':
      return identityOf(pattern, settings);
    case 'namespace':
      return identityOf({ namespace: pattern.name, name: '*' }, settings);
  }
}
