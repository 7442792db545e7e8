import { parseGoDuration } from '@faultline/mesh-core/duration';
import type { Autoscaler, MetricSpec, ResourceTarget, ScalingRules } from './model.ts';
import type {
  HorizontalManifest,
  ResourceTargetManifest,
  Rules,
  ScaledObjectManifest,
} from './schema.ts';

/** How often Kubernetes' controller looks; its windows are meant for that pace. */
const clusterIntervalMs = 15_000;
const initializationMs = 300_000;
const initialReadinessMs = 30_000;

/** Annotations that change an autoscaler for one machine. */
export const localAnnotations = {
  interval: 'faultline.dev/local-interval',
  min: 'faultline.dev/local-min-replicas',
  max: 'faultline.dev/local-max-replicas',
};

type Common = {
  metadata: HorizontalManifest['metadata'];
  target: string;
  min: number;
  max: number;
  metrics: readonly MetricSpec[];
  up: Rules | undefined;
  down: Rules | undefined;
};

/** What both kinds come to. A laptop has less room and less patience: annotations say how much. */
function toAutoscaler({ metadata, target, min, max, metrics, up, down }: Common): Autoscaler {
  const { annotations, name } = metadata;
  const intervalMs =
    parseGoDuration(annotations[localAnnotations.interval] ?? '') ?? clusterIntervalMs;
  const pace = intervalMs / clusterIntervalMs;
  return {
    name,
    target,
    min: Number(annotations[localAnnotations.min] ?? min),
    max: Number(annotations[localAnnotations.max] ?? max),
    metrics,
    up: toRules(up, { pace, windowSeconds: 0, addsPods: true }),
    down: toRules(down, { pace, windowSeconds: 300, addsPods: false }),
    intervalMs,
    initializationMs: initializationMs * pace,
    initialReadinessMs: initialReadinessMs * pace,
  };
}

function toRules(
  rules: Rules | undefined,
  defaults: { pace: number; windowSeconds: number; addsPods: boolean },
): ScalingRules {
  const { pace, windowSeconds, addsPods } = defaults;
  const all = { type: 'Percent', value: 100, periodSeconds: 15 } as const;
  const four = { type: 'Pods', value: 4, periodSeconds: 15 } as const;
  const policies = rules?.policies ?? (addsPods ? [four, all] : [all]);
  return {
    stabilizationWindowMs: (rules?.stabilizationWindowSeconds ?? windowSeconds) * 1000 * pace,
    select: rules?.selectPolicy ?? 'Max',
    policies: policies.map(({ type, value, periodSeconds }) => {
      return { kind: type, value, periodMs: periodSeconds * 1000 * pace };
    }),
  };
}

/** Of a manifest that has been checked. */
export function fromHorizontal({ metadata, spec }: HorizontalManifest): Autoscaler {
  return toAutoscaler({
    metadata,
    target: spec.scaleTargetRef.name,
    min: spec.minReplicas,
    max: spec.maxReplicas,
    metrics: spec.metrics.map((metric) =>
      metric.type === 'Resource'
        ? { kind: 'cpu', container: undefined, target: toTarget(metric.resource.target) }
        : {
            kind: 'cpu',
            container: metric.containerResource.container,
            target: toTarget(metric.containerResource.target),
          },
    ),
    up: spec.behavior.scaleUp,
    down: spec.behavior.scaleDown,
  });
}

function toTarget({ averageUtilization, averageValue }: ResourceTargetManifest): ResourceTarget {
  return averageUtilization === undefined
    ? { kind: 'average-value', value: averageValue ?? Number.NaN }
    : { kind: 'utilization', share: averageUtilization / 100 };
}

/** The autoscaler that KEDA makes of a ScaledObject, which has been checked. */
export function fromScaledObject({ metadata, spec }: ScaledObjectManifest): Autoscaler {
  const behavior = spec.advanced?.horizontalPodAutoscalerConfig.behavior;
  return toAutoscaler({
    metadata,
    target: spec.scaleTargetRef.name,
    min: spec.minReplicaCount,
    max: spec.maxReplicaCount,
    metrics: spec.triggers.map(toMetric),
    up: behavior?.scaleUp,
    down: behavior?.scaleDown,
  });
}

function toMetric(trigger: ScaledObjectManifest['spec']['triggers'][number]): MetricSpec {
  if (trigger.type === 'cpu') {
    const { value, containerName } = trigger.metadata;
    const target: ResourceTarget =
      trigger.metricType === 'Utilization'
        ? { kind: 'utilization', share: value / 100 }
        : { kind: 'average-value', value };
    return { kind: 'cpu', container: containerName, target };
  }
  const { query, threshold } = trigger.metadata;
  return {
    kind: 'external',
    name: trigger.name,
    query: toLocalNamespace(query),
    target: {
      kind: trigger.metricType === 'Value' ? 'value' : 'average-value',
      value: threshold,
    },
  };
}

/** A query names the cluster's namespace; here there is one, which has no name of its own. */
function toLocalNamespace(query: string): string {
  return query.replace(/namespace="[^"]*"/g, 'namespace="default"');
}
