import { parseGoDuration } from '@faultline/mesh-core/duration';
import { z } from 'zod';

// Exactly the fields of Flagger's resources that the local engine follows; see refused.ts for the
// reasons why others are not.

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a Kubernetes name');
const strings = z.record(z.string(), z.string({ error: 'expected a string; quote numbers' }));
const port = z.int().min(1).max(65_535);
const percentage = z.int().min(0).max(100);

/** As Go writes it; kept as text where PromQL takes it. */
const duration = z
  .string()
  .refine((text) => (parseGoDuration(text) ?? 0) > 0, 'expected a duration such as 10s or 1m30s');

const customMetadata = z.strictObject({
  labels: strings.default({}),
  annotations: strings.default({}),
});

const metadata = z.strictObject({
  name,
  namespace: name.default('default'),
  labels: strings.optional(),
  annotations: strings.default({}),
});

const textMatch = z
  .strictObject({
    exact: z.string().optional(),
    prefix: z.string().optional(),
    regex: z.string().optional(),
  })
  .refine((match) => Object.keys(match).length === 1, 'expected one of exact, prefix and regex');

const valueMatch = z
  .strictObject({ exact: z.string().optional(), regex: z.string().optional() })
  .refine((match) => Object.keys(match).length === 1, 'expected one of exact and regex');

const requestMatch = z.strictObject({
  uri: textMatch.optional(),
  method: z.strictObject({ exact: z.string() }).optional(),
  headers: z.record(z.string(), valueMatch).default({}),
  queryParams: z.record(z.string(), valueMatch).default({}),
});

const service = z.strictObject({
  name: name.optional(),
  port,
  portName: z.string().default('http'),
  targetPort: z.union([port, z.string()]).optional(),
  appProtocol: z.string().optional(),
  portDiscovery: z.literal(false).optional(),
  /** Linkerd takes a Service for a parent, and none else. */
  gatewayRefs: z
    .array(
      z.strictObject({
        group: z.enum(['core', ''], { error: 'expected core, the group of Services' }),
        kind: z.literal('Service', { error: 'Linkerd implements no Gateways: name the Service' }),
        name,
        namespace: name.optional(),
        port: port.optional(),
      }),
    )
    .min(1),
  timeout: duration.optional(),
  match: z.array(requestMatch).default([]),
  apex: customMetadata.prefault({}),
  primary: customMetadata.prefault({}),
  canary: customMetadata.prefault({}),
});

/** Flagger reads its absence as a maximum of 0, which nobody means. */
const thresholdRange = z
  .strictObject(
    { min: z.number().optional(), max: z.number().optional() },
    { error: 'expected min or max' },
  )
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected min or max');

const metric = z.strictObject({
  name: z.string().min(1),
  interval: duration.default('1m'),
  thresholdRange,
  templateRef: z.strictObject({ name, namespace: name.optional() }).optional(),
  templateVariables: strings.default({}),
});

const webhook = z.strictObject({
  type: z
    .enum([
      'rollout',
      'pre-rollout',
      'post-rollout',
      'confirm-rollout',
      'confirm-promotion',
      'confirm-traffic-increase',
      'rollback',
      'event',
    ])
    .default('rollout'),
  name: z.string().min(1),
  url: z.url({ protocol: /^https?$/ }),
  timeout: duration.default('10s'),
  retries: z.int().min(0).max(10).default(0),
  muteAlert: z.boolean().optional(),
  metadata: strings.default({}),
});

const analysis = z
  .strictObject({
    interval: duration.default('60s'),
    threshold: z.int().min(0).default(1),
    maxWeight: percentage.default(100),
    stepWeight: percentage.default(0),
    stepWeights: z.array(percentage.min(1)).default([]),
    stepWeightPromotion: percentage.default(0),
    iterations: z.int().min(0).default(0),
    match: z.array(requestMatch).default([]),
    primaryReadyThreshold: percentage.default(100),
    canaryReadyThreshold: percentage.default(100),
    metrics: z.array(metric).default([]),
    webhooks: z.array(webhook).default([]),
  })
  .superRefine((value, context) => {
    const { stepWeight, stepWeights, iterations, match } = value;
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (iterations === 0 && stepWeight === 0 && stepWeights.length === 0) {
      complain('stepWeight', 'expected stepWeight, stepWeights or iterations: it would never end');
    }
    if (match.length > 0 && iterations === 0) {
      complain('match', 'counts only with iterations (A/B testing)');
    }
    if (stepWeights.some((weight, index) => weight <= (stepWeights[index - 1] ?? 0))) {
      complain('stepWeights', 'expected weights that grow');
    }
  });

const localAnnotations = [
  'faultline.dev/local-interval',
  'faultline.dev/local-metric-interval',
  'faultline.dev/local-progress-deadline',
];

/** Ours are durations that replace the manifest's on one machine. */
const canaryAnnotations = strings.superRefine((annotations, context) => {
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith('faultline.dev/')) continue;
    const isKnown = localAnnotations.includes(key);
    if (isKnown && duration.safeParse(value).success) continue;
    const message = isKnown
      ? `expected a duration such as 1s, not '${value}'`
      : `expected one of ${localAnnotations.join(', ')}`;
    context.addIssue({ code: 'custom', path: [key], message });
  }
});

const canary = z.strictObject({
  apiVersion: z.literal('flagger.app/v1beta1'),
  kind: z.literal('Canary'),
  metadata: metadata.extend({ annotations: canaryAnnotations.default({}) }),
  spec: z.strictObject({
    provider: z.enum(['gatewayapi:v1beta1', 'gatewayapi:v1']).default('gatewayapi:v1beta1'),
    targetRef: z.strictObject({
      apiVersion: z.literal('apps/v1').default('apps/v1'),
      kind: z.literal('Deployment').default('Deployment'),
      name,
    }),
    autoscalerRef: z
      .strictObject({
        apiVersion: z.string().optional(),
        kind: z.literal('HorizontalPodAutoscaler'),
        name,
      })
      .optional(),
    progressDeadlineSeconds: z.int().min(1).default(600),
    skipAnalysis: z.boolean().default(false),
    suspend: z.boolean().default(false),
    service,
    analysis: analysis.optional(),
  }),
});

const metricTemplate = z.strictObject({
  apiVersion: z.literal('flagger.app/v1beta1'),
  kind: z.literal('MetricTemplate'),
  metadata,
  spec: z.strictObject({
    /** The address is the cluster's; the local engine asks the Prometheus it runs. */
    provider: z.strictObject({ type: z.literal('prometheus'), address: z.string().optional() }),
    query: z.string().min(1),
  }),
});

/** The schema of every kind that describes rollouts. */
export const kinds = { Canary: canary, MetricTemplate: metricTemplate };

export type CanaryManifest = z.output<typeof canary>;
export type MetricTemplateManifest = z.output<typeof metricTemplate>;
export type RequestMatch = z.output<typeof requestMatch>;
export type Webhook = z.output<typeof webhook>;
export type MetricManifest = z.output<typeof metric>;
