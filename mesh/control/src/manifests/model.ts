import type { Timeouts } from '@faultline/mesh-core/annotations';
import type { RateLimitPolicy } from '@faultline/mesh-core/rate-limit';
import type { RetryPolicy } from '@faultline/mesh-core/retry';
import type { ObjectRef, WireFilter, WireRouteMatch } from '@faultline/mesh-core/snapshot';

/** What every manifest has. `createdMs` orders objects; most files have none. */
export type Named = {
  readonly ref: ObjectRef;
  readonly createdMs: number | undefined;
  readonly generation: number | undefined;
};

/** As written, with the defaults of the custom resource's schema. */
export type ParentRef = {
  readonly group: string | undefined;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port: number | undefined;
};

export type BackendRef = {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly port: number | undefined;
  readonly weight: number;
  readonly filters: readonly WireFilter[];
  readonly hasUnsupportedFilter: boolean;
};

export type RouteRule = {
  readonly matches: readonly WireRouteMatch[];
  readonly filters: readonly WireFilter[];
  readonly backends: readonly BackendRef[];
  /** `timeouts.request`, where it can be read. */
  readonly requestMs: number | undefined;
};

export type Route = Named & {
  /** False when Linkerd would fail to read it: it has a status and no effect. */
  readonly indexed: boolean;
  readonly parents: readonly ParentRef[];
  readonly hostnames: readonly string[];
  readonly rules: readonly RouteRule[];
  readonly timeouts: Timeouts | undefined;
  readonly retry: RetryPolicy | undefined;
};

type SelectorTerm = {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
};

export type LabelSelector = {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly SelectorTerm[];
};

export const defaultPolicies = [
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'deny',
  'audit',
] as const;
/** What is allowed where no policy says otherwise. */
export type DefaultPolicy = (typeof defaultPolicies)[number];

export type Server = Named & {
  readonly selector: LabelSelector;
  readonly port: string | number;
  readonly protocol: 'http' | 'h2' | 'opaque' | 'detect';
  readonly accessPolicy: DefaultPolicy;
};

type Reference = {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
};

export type AuthorizationPolicy = Named & {
  readonly target: Reference;
  readonly required: readonly Reference[];
};

export type MeshTlsAuthentication = Named & { readonly identities: readonly IdentityPattern[] };

/** Names as written, or references that become names in the mesh's own trust domain. */
export type IdentityPattern =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'account'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'namespace'; readonly name: string };

export type NetworkAuthentication = Named & {
  readonly networks: readonly { readonly cidr: string; readonly except: readonly string[] }[];
};

export type RateLimit = Named & {
  readonly target: Reference;
  readonly totalPerSecond: RateLimitPolicy['totalPerSecond'];
  readonly identityPerSecond: RateLimitPolicy['identityPerSecond'];
  readonly overrides: readonly {
    readonly perSecond: number;
    readonly accounts: readonly { readonly namespace: string; readonly name: string }[];
  }[];
};

/** With `inEffect` it replaces routes, annotations and breaker of its Service. */
export type ServiceProfile = Named & {
  readonly service: { readonly namespace: string; readonly name: string };
  readonly inEffect: boolean;
};

/** Networks outside the mesh and whether they may be called; without a list, all of them. */
export type EgressNetwork = Named & {
  readonly networks:
    | readonly { readonly cidr: string; readonly except: readonly string[] }[]
    | undefined;
  readonly allows: boolean;
};

/** All manifests of the mesh, checked. */
export type MeshManifests = {
  readonly routes: readonly Route[];
  /** Known only so far as they displace HTTPRoutes. */
  readonly grpcRoutes: readonly (Named & { readonly parents: readonly ParentRef[] })[];
  readonly servers: readonly Server[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  readonly meshTlsAuthentications: readonly MeshTlsAuthentication[];
  readonly networkAuthentications: readonly NetworkAuthentication[];
  readonly rateLimits: readonly RateLimit[];
  readonly serviceProfiles: readonly ServiceProfile[];
  readonly egressNetworks: readonly EgressNetwork[];
};
