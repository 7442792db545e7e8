import { parseGoDuration } from '@faultline/mesh-core/duration';
import type {
  CanaryManifest,
  MetricManifest,
  MetricTemplateManifest,
  RequestMatch,
  Webhook,
} from './schema.ts';

export type Weights = { primary: number; canary: number };

/** How traffic moves to a new version. */
export type Strategy =
  | { kind: 'canary'; stepWeight: number; stepWeights: readonly number[]; maxWeight: number }
  | { kind: 'blue-green'; iterations: number }
  | { kind: 'a-b'; iterations: number; match: readonly RequestMatch[] };

/** One thing that is measured of a new version. */
export type Metric = {
  name: string;
  /** PromQL, with Flagger's placeholders. Undefined for the built-in one of that name. */
  query: string | undefined;
  /** The window it looks at, as PromQL writes it. */
  interval: string;
  range: { min?: number | undefined; max?: number | undefined };
  variables: Readonly<Record<string, string>>;
};

/** A Flagger Canary, checked, with its templates looked up. */
export type Canary = {
  name: string;
  namespace: string;
  provider: 'gatewayapi:v1beta1' | 'gatewayapi:v1';
  /** The Deployment that people change. */
  target: string;
  /** The Services that callers name, and that the two versions have. */
  services: { apex: string; primary: string; canary: string };
  service: CanaryManifest['spec']['service'];
  strategy: Strategy;
  stepWeightPromotion: number;
  /** Of the analysis, as the manifest says; see `intervalMsOf`. */
  intervalMs: number;
  /** How many failed checks undo a rollout. */
  threshold: number;
  metrics: readonly Metric[];
  webhooks: readonly Webhook[];
  progressDeadlineSeconds: number;
  readyThreshold: { primary: number; canary: number };
  skipAnalysis: boolean;
  suspended: boolean;
  /** What annotations change on one machine: time there is more precious. */
  local: {
    intervalMs: number | undefined;
    metricInterval: string | undefined;
    progressDeadlineMs: number | undefined;
  };
};

const builtIn = new Set(['request-success-rate', 'request-duration']);
/** Flagger looks no more often than this, whatever a Canary says. */
const intervalMsMin = 10_000;

/** How often a rollout is looked at: as Flagger would in strict mode, else as locally asked for. */
export function intervalMsOf(canary: Canary, { strict }: { strict: boolean }): number {
  return strict
    ? Math.max(intervalMsMin, canary.intervalMs)
    : (canary.local.intervalMs ?? canary.intervalMs);
}

/** How long a version may take to get ready. */
export function progressDeadlineMsOf(canary: Canary, { strict }: { strict: boolean }): number {
  const ownMs = canary.progressDeadlineSeconds * 1_000;
  return strict ? ownMs : (canary.local.progressDeadlineMs ?? ownMs);
}

/** The metrics to ask for, with the window that counts here. */
export function metricsOf(canary: Canary, { strict }: { strict: boolean }): readonly Metric[] {
  const { metricInterval } = canary.local;
  return strict || metricInterval === undefined
    ? canary.metrics
    : canary.metrics.map((metric) => ({ ...metric, interval: metricInterval }));
}

/** Whether a metric of this name needs no template. */
export function isBuiltIn(name: string): boolean {
  return builtIn.has(name);
}

/** `namespace/name` of the template that a metric names. */
export function templateKey(metric: MetricManifest, namespace: string): string | undefined {
  const { templateRef } = metric;
  return templateRef && `${templateRef.namespace ?? namespace}/${templateRef.name}`;
}

/** The model of a manifest that has been checked, its templates among `templates`. */
export function toCanary(
  { metadata, spec }: CanaryManifest,
  templates: ReadonlyMap<string, MetricTemplateManifest>,
): Canary {
  const { analysis, service } = spec;
  const apex = service.name ?? spec.targetRef.name;
  const { annotations } = metadata;
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    provider: spec.provider,
    target: spec.targetRef.name,
    services: { apex, primary: `${apex}-primary`, canary: `${apex}-canary` },
    service,
    strategy: toStrategy(analysis),
    stepWeightPromotion: analysis?.stepWeightPromotion ?? 0,
    intervalMs: parseGoDuration(analysis?.interval ?? '60s') ?? 60_000,
    threshold: Math.max(1, analysis?.threshold ?? 1),
    metrics: (analysis?.metrics ?? []).map((metric) => ({
      name: metric.name,
      query: templates.get(templateKey(metric, metadata.namespace) ?? '')?.spec.query,
      interval: metric.interval,
      range: metric.thresholdRange,
      variables: metric.templateVariables,
    })),
    webhooks: analysis?.webhooks ?? [],
    progressDeadlineSeconds: spec.progressDeadlineSeconds,
    readyThreshold: {
      primary: analysis?.primaryReadyThreshold ?? 100,
      canary: analysis?.canaryReadyThreshold ?? 100,
    },
    skipAnalysis: spec.skipAnalysis || analysis === undefined,
    suspended: spec.suspend,
    local: {
      intervalMs: parseGoDuration(annotations['faultline.dev/local-interval'] ?? ''),
      metricInterval: annotations['faultline.dev/local-metric-interval'],
      progressDeadlineMs: parseGoDuration(
        annotations['faultline.dev/local-progress-deadline'] ?? '',
      ),
    },
  };
}

function toStrategy(analysis: CanaryManifest['spec']['analysis']): Strategy {
  const { iterations = 0, match = [], stepWeight = 0, stepWeights = [] } = analysis ?? {};
  if (iterations > 0 && match.length > 0) return { kind: 'a-b', iterations, match };
  if (iterations > 0) return { kind: 'blue-green', iterations };
  const maxWeight = stepWeights.at(-1) ?? analysis?.maxWeight ?? 100;
  // Flagger reads a maximum of 0 as none.
  return { kind: 'canary', stepWeight, stepWeights, maxWeight: maxWeight || 100 };
}
