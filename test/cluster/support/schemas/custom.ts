import { z } from 'zod';
import { kinds as rolloutKinds } from '../../../../local/src/rollouts/schema.ts';
import {
  cidr,
  count,
  httpUrl,
  labelSelector,
  metadata,
  name,
  port,
  portNumber,
  quantity,
  resource,
  strings,
} from './common.ts';

const parent = z.strictObject({
  group: z.enum(['core', '']),
  kind: z.literal('Service'),
  name,
  namespace: name.optional(),
  port: portNumber,
});

const backend = z.strictObject({
  group: z.enum(['core', '']).default(''),
  kind: z.literal('Service').default('Service'),
  name,
  port: portNumber,
  weight: z.int().min(0).max(1_000_000).default(1),
});

const match = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).optional(),
  path: z
    .strictObject({
      type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']),
      value: z.string().startsWith('/'),
    })
    .optional(),
  headers: z
    .array(
      z.strictObject({
        type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
        name: z.string(),
        value: z.string(),
      }),
    )
    .default([]),
});

const route = z.strictObject({
  parentRefs: z.array(parent).min(1),
  rules: z
    .array(
      z.strictObject({
        matches: z.array(match).min(1),
        backendRefs: z.array(backend).default([]),
      }),
    )
    .min(1),
});

const policyGroup = z.literal('policy.linkerd.io');
const serverRef = z.strictObject({ group: policyGroup, kind: z.literal('Server'), name });
const account = z.strictObject({
  kind: z.literal('ServiceAccount'),
  name,
  namespace: name.optional(),
});
const rate = z.strictObject({ requestsPerSecond: z.int().min(1) });
const alpha = 'policy.linkerd.io/v1alpha1';

const linkerdKinds = {
  Server: resource(
    'policy.linkerd.io/v1beta3',
    'Server',
    z.strictObject({
      podSelector: labelSelector,
      port,
      proxyProtocol: z.enum(['HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS', 'unknown']),
      accessPolicy: z
        .enum([
          'deny',
          'audit',
          'all-unauthenticated',
          'all-authenticated',
          'cluster-authenticated',
        ])
        .default('deny'),
    }),
  ),
  AuthorizationPolicy: resource(
    alpha,
    'AuthorizationPolicy',
    z.strictObject({
      targetRef: serverRef,
      requiredAuthenticationRefs: z
        .array(
          z.strictObject({
            group: policyGroup,
            kind: z.enum(['MeshTLSAuthentication', 'NetworkAuthentication']),
            name,
          }),
        )
        .min(1),
    }),
  ),
  MeshTLSAuthentication: resource(
    alpha,
    'MeshTLSAuthentication',
    z.strictObject({ identityRefs: z.array(account).min(1) }),
  ),
  NetworkAuthentication: resource(
    alpha,
    'NetworkAuthentication',
    z.strictObject({ networks: z.array(z.strictObject({ cidr })).min(1) }),
  ),
  HTTPLocalRateLimitPolicy: resource(
    alpha,
    'HTTPLocalRateLimitPolicy',
    z.strictObject({
      targetRef: serverRef,
      total: rate.optional(),
      identity: rate.optional(),
      overrides: z.array(rate.extend({ clientRefs: z.array(account).min(1) })).default([]),
    }),
  ),
};

const trigger = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prometheus'),
    name,
    metadata: z.strictObject({ serverAddress: httpUrl, query: z.string(), threshold: z.string() }),
  }),
  z.strictObject({
    type: z.literal('cpu'),
    metricType: z.literal('AverageValue'),
    metadata: z.strictObject({ value: quantity }),
  }),
]);

const scaledObject = z.strictObject({
  scaleTargetRef: z.strictObject({ name }),
  minReplicaCount: count,
  maxReplicaCount: count,
  cooldownPeriod: count.optional(),
  triggers: z.array(trigger).min(1),
});

const amounts = z.strictObject({ cpu: quantity.optional(), memory: quantity });

const database = z.strictObject({
  instances: z.int().min(1),
  imageName: z.string(),
  postgresql: z.strictObject({
    synchronous: z.strictObject({
      method: z.enum(['any', 'first']),
      number: z.int().min(1),
      dataDurability: z.enum(['required', 'preferred']).default('required'),
    }),
  }),
  storage: z.strictObject({ size: quantity }),
  bootstrap: z.strictObject({ initdb: z.strictObject({ database: name, owner: name }) }),
  inheritedMetadata: z.strictObject({ annotations: strings }),
  affinity: z.strictObject({
    topologyKey: z.string(),
    podAntiAffinityType: z.enum(['required', 'preferred']),
  }),
  resources: z.strictObject({ requests: amounts, limits: amounts }),
});

/** KEDA scales what no autoscaler of Kubernetes' own knows. */
const canary = rolloutKinds.Canary.extend({
  metadata,
  spec: rolloutKinds.Canary.shape.spec.extend({
    autoscalerRef: z
      .discriminatedUnion('kind', [
        z.strictObject({
          apiVersion: z.literal('autoscaling/v2'),
          kind: z.literal('HorizontalPodAutoscaler'),
          name,
        }),
        z.strictObject({
          apiVersion: z.literal('keda.sh/v1alpha1'),
          kind: z.literal('ScaledObject'),
          name,
          primaryScalerQueries: z.record(z.string(), z.string()).optional(),
        }),
      ])
      .optional(),
  }),
});

/** The kinds that operators bring along. */
export const customKinds = {
  HTTPRoute: resource('gateway.networking.k8s.io/v1', 'HTTPRoute', route),
  ...linkerdKinds,
  Canary: canary,
  MetricTemplate: rolloutKinds.MetricTemplate,
  Cluster: resource('postgresql.cnpg.io/v1', 'Cluster', database),
  ScaledObject: resource('keda.sh/v1alpha1', 'ScaledObject', scaledObject),
};
