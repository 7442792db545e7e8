import { z } from 'zod';
import { parseQuantity } from './quantity.ts';

// Exactly what the local engine follows of a HorizontalPodAutoscaler and of KEDA's ScaledObject.

const name = z.string().min(1);
const seconds = z.int().min(0).max(3600);
const quantity = z
  .union([z.string(), z.number().transform(String)])
  .refine((text) => parseQuantity(text) !== undefined, 'expected a quantity such as 350m or 20')
  .transform((text) => parseQuantity(text) ?? Number.NaN);
const aboveZero = quantity.refine((value) => value > 0, 'expected more than 0');

const metadata = z.strictObject({
  name,
  namespace: name.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).default({}),
});

const resourceTarget = z
  .strictObject({
    type: z.enum(['Utilization', 'AverageValue']),
    averageUtilization: z.int().min(1).optional(),
    averageValue: aboveZero.optional(),
  })
  .refine(
    (target) =>
      target.type === 'Utilization'
        ? target.averageUtilization !== undefined && target.averageValue === undefined
        : target.averageValue !== undefined && target.averageUtilization === undefined,
    'expected averageUtilization with Utilization, averageValue with AverageValue',
  );

/** Memory of a process comes back late or never, so it says little about how many there should be. */
const cpu = z.literal('cpu', { error: 'expected cpu: the local engine measures nothing else' });

const metric = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('Resource'),
    resource: z.strictObject({ name: cpu, target: resourceTarget }),
  }),
  z.strictObject({
    type: z.literal('ContainerResource'),
    containerResource: z.strictObject({ container: name, name: cpu, target: resourceTarget }),
  }),
]);

const rules = z.strictObject({
  stabilizationWindowSeconds: seconds.optional(),
  selectPolicy: z.enum(['Max', 'Min', 'Disabled']).default('Max'),
  policies: z
    .array(
      z.strictObject({
        type: z.enum(['Pods', 'Percent']),
        value: z.int().min(1),
        periodSeconds: z.int().min(1).max(1800),
      }),
    )
    .min(1)
    .optional(),
});

const behavior = z.strictObject({ scaleUp: rules.optional(), scaleDown: rules.optional() });

const horizontal = z.strictObject({
  apiVersion: z.literal('autoscaling/v2'),
  kind: z.literal('HorizontalPodAutoscaler'),
  metadata,
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({
      apiVersion: z.literal('apps/v1'),
      kind: z.literal('Deployment'),
      name,
    }),
    minReplicas: z.int().min(1).default(1),
    maxReplicas: z.int().min(1),
    metrics: z.array(metric).min(1),
    behavior: behavior.default({}),
  }),
});

const trigger = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prometheus'),
    // KEDA needs none; people who read why there are more instances do.
    name,
    metricType: z.enum(['AverageValue', 'Value']).default('AverageValue'),
    metadata: z.strictObject({
      serverAddress: z.string(),
      query: z.string(),
      threshold: aboveZero,
    }),
  }),
  z.strictObject({
    type: z.literal('cpu'),
    metricType: z.enum(['Utilization', 'AverageValue']),
    metadata: z.strictObject({ value: aboveZero, containerName: name.optional() }),
  }),
]);

const keda = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata,
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name }),
    minReplicaCount: z.int().min(1, 'expected 1 or more: nothing here is started by a request'),
    maxReplicaCount: z.int().min(1).default(100),
    // How often KEDA looks, and when it goes to no replicas at all: its own, not the autoscaler's.
    pollingInterval: z.int().optional(),
    cooldownPeriod: z.int().optional(),
    triggers: z.array(trigger).min(1),
    advanced: z
      .strictObject({
        horizontalPodAutoscalerConfig: z.strictObject({ behavior: behavior.default({}) }),
      })
      .optional(),
  }),
});

export const kinds = { HorizontalPodAutoscaler: horizontal, ScaledObject: keda };
export type HorizontalManifest = z.output<typeof horizontal>;
export type ScaledObjectManifest = z.output<typeof keda>;
export type Rules = z.output<typeof rules>;
export type ResourceTargetManifest = z.output<typeof resourceTarget>;
