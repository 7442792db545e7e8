import { isCidr } from '@faultline/mesh-core/cidr';
import { z } from 'zod';
import { type Finding, type Kind, metadata, named, objectName, portNumber } from './fields.ts';
import {
  type AuthorizationPolicy,
  defaultPolicies,
  type IdentityPattern,
  type MeshTlsAuthentication,
  type NetworkAuthentication,
  type RateLimit,
  type Server,
} from './model.ts';

const policyGroup = 'policy.linkerd.io';

const selector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

const reference = z.strictObject({
  group: z.string().default(''),
  kind: z.string(),
  namespace: objectName.optional(),
  name: objectName,
});

/** A reference without a namespace stays in the object's own. */
function within<T extends { namespace?: string | undefined }>(ref: T, namespace: string) {
  return { ...ref, namespace: ref.namespace ?? namespace };
}

const protocols = {
  unknown: 'detect',
  'HTTP/1': 'http',
  'HTTP/2': 'h2',
  gRPC: 'h2',
  opaque: 'opaque',
  TLS: 'opaque',
} as const;

const serverSchema = z.strictObject({
  apiVersion: z.enum([
    'policy.linkerd.io/v1beta1',
    'policy.linkerd.io/v1beta2',
    'policy.linkerd.io/v1beta3',
  ]),
  kind: z.literal('Server'),
  metadata,
  spec: z.strictObject({
    podSelector: selector,
    port: z.union([portNumber, z.string().min(1)]),
    proxyProtocol: z
      .enum(['unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS'])
      .default('unknown'),
    accessPolicy: z.enum(defaultPolicies).default('deny'),
  }),
});

export const server: Kind<typeof serverSchema, Server> = {
  schema: serverSchema,
  findings: () => [],
  toModel: (manifest) => ({
    ...named(manifest),
    selector: manifest.spec.podSelector,
    port: manifest.spec.port,
    protocol: protocols[manifest.spec.proxyProtocol],
    accessPolicy: manifest.spec.accessPolicy,
  }),
};

const authorizationSchema = z.strictObject({
  apiVersion: z.literal('policy.linkerd.io/v1alpha1'),
  kind: z.literal('AuthorizationPolicy'),
  metadata,
  spec: z.strictObject({
    targetRef: reference,
    requiredAuthenticationRefs: z.array(reference).default([]),
  }),
});

export const authorizationPolicy: Kind<typeof authorizationSchema, AuthorizationPolicy> = {
  schema: authorizationSchema,
  findings: ({ spec, metadata: { namespace } }) => [
    ...targetFindings(spec.targetRef, namespace),
    ...requiredFindings(spec.requiredAuthenticationRefs),
  ],
  toModel(manifest) {
    const head = named(manifest);
    const { targetRef, requiredAuthenticationRefs } = manifest.spec;
    return {
      ...head,
      target: within(targetRef, head.ref.namespace),
      required: requiredAuthenticationRefs.map((ref) => within(ref, head.ref.namespace)),
    };
  },
};

type Reference = z.output<typeof reference>;

function targetFindings({ group, kind, namespace }: Reference, own: string): Finding[] {
  const path = ['spec', 'targetRef'];
  const groups: Readonly<Record<string, readonly string[]>> = {
    Server: [policyGroup],
    HTTPRoute: [policyGroup, 'gateway.networking.k8s.io'],
    Namespace: ['', 'core'],
  };
  if (!groups[kind]?.includes(group)) {
    const message = `expected a Server, HTTPRoute or Namespace with its group, not ${kind} of '${group}'`;
    return [{ path, message, effect: 'reject' }];
  }
  if (kind === 'Namespace' || namespace === undefined || namespace === own) return [];
  const message = 'a policy applies to its own namespace only';
  return [{ path: [...path, 'namespace'], message, effect: 'reject' }];
}

const authenticationKinds = ['MeshTLSAuthentication', 'NetworkAuthentication', 'ServiceAccount'];

function requiredFindings(refs: readonly Reference[]): Finding[] {
  const path = ['spec', 'requiredAuthenticationRefs'];
  const unknown = refs.flatMap(({ group, kind }, index): Finding[] => {
    const wanted = kind === 'ServiceAccount' ? ['', 'core'] : [policyGroup];
    if (authenticationKinds.includes(kind) && wanted.includes(group)) return [];
    const message = `expected ${authenticationKinds.join(', ')} with its group, not ${kind} of '${group}'`;
    return [{ path: [...path, index], message, effect: 'reject' }];
  });
  const networks = refs.filter(({ kind }) => kind === 'NetworkAuthentication').length;
  if (networks <= 1 && refs.length - networks <= 1) return unknown;
  const message =
    'at most one MeshTLSAuthentication or ServiceAccount and one NetworkAuthentication: all must hold';
  return [...unknown, { path, message, effect: 'reject' }];
}

const identityRef = z.strictObject({
  group: z.string().default(''),
  kind: z.enum(['ServiceAccount', 'Namespace']),
  namespace: objectName.optional(),
  name: objectName.optional(),
});

const meshTlsSchema = z.strictObject({
  apiVersion: z.literal('policy.linkerd.io/v1alpha1'),
  kind: z.literal('MeshTLSAuthentication'),
  metadata,
  spec: z
    .strictObject({
      identities: z.array(z.string().min(1)).min(1).optional(),
      identityRefs: z.array(identityRef).min(1).optional(),
    })
    .refine(
      ({ identities, identityRefs }) => (identities === undefined) !== (identityRefs === undefined),
      'expected identities or identityRefs',
    ),
});

export const meshTlsAuthentication: Kind<typeof meshTlsSchema, MeshTlsAuthentication> = {
  schema: meshTlsSchema,
  findings: () => [],
  toModel(manifest) {
    const head = named(manifest);
    const { identities = [], identityRefs = [] } = manifest.spec;
    const names = identities.map((name): IdentityPattern => ({ kind: 'name', name }));
    const refs = identityRefs.map((ref) => toPattern(ref, head.ref.namespace));
    return { ...head, identities: [...names, ...refs] };
  },
};

function toPattern(ref: z.output<typeof identityRef>, own: string): IdentityPattern {
  const { kind, name, namespace = own } = ref;
  if (kind === 'Namespace') return { kind: 'namespace', name: name ?? own };
  return name === undefined
    ? { kind: 'namespace', name: namespace }
    : { kind: 'account', namespace, name };
}

const cidr = z.string().refine(isCidr, 'expected a network such as 10.0.0.0/8');

const networkSchema = z.strictObject({
  apiVersion: z.literal('policy.linkerd.io/v1alpha1'),
  kind: z.literal('NetworkAuthentication'),
  metadata,
  spec: z.strictObject({
    networks: z.array(z.strictObject({ cidr, except: z.array(cidr).default([]) })).min(1),
  }),
});

export const networkAuthentication: Kind<typeof networkSchema, NetworkAuthentication> = {
  schema: networkSchema,
  findings: () => [],
  toModel: (manifest) => ({ ...named(manifest), networks: manifest.spec.networks }),
};

const rate = z.strictObject({ requestsPerSecond: z.int().min(1) });

const rateLimitSchema = z.strictObject({
  apiVersion: z.literal('policy.linkerd.io/v1alpha1'),
  kind: z.literal('HTTPLocalRateLimitPolicy'),
  metadata,
  spec: z.strictObject({
    targetRef: reference.extend({
      group: z.literal(policyGroup),
      kind: z.literal('Server', 'only Servers can be limited'),
    }),
    total: rate.optional(),
    identity: rate.optional(),
    overrides: z
      .array(
        rate.extend({
          clientRefs: z
            .array(
              z.strictObject({
                group: z.string().default(''),
                kind: z.literal('ServiceAccount', 'only ServiceAccounts have limits of their own'),
                namespace: objectName.optional(),
                name: objectName,
              }),
            )
            .min(1),
        }),
      )
      .default([]),
  }),
});

export const rateLimit: Kind<typeof rateLimitSchema, RateLimit> = {
  schema: rateLimitSchema,
  findings: () => [],
  toModel(manifest) {
    const head = named(manifest);
    const { namespace } = head.ref;
    const { targetRef, total, identity, overrides } = manifest.spec;
    return {
      ...head,
      target: within(targetRef, namespace),
      totalPerSecond: total?.requestsPerSecond,
      identityPerSecond: identity?.requestsPerSecond,
      overrides: overrides.map(({ requestsPerSecond, clientRefs }) => ({
        perSecond: requestsPerSecond,
        accounts: clientRefs.map((ref) => within(ref, namespace)),
      })),
    };
  },
};
