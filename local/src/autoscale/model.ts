/** What pods use, in cores or bytes, is held against a share of their request, or against a value. */
export type ResourceTarget =
  | { kind: 'utilization'; share: number }
  | { kind: 'average-value'; value: number };

/** One thing by which a number of replicas is chosen. */
export type MetricSpec =
  | {
      kind: 'cpu';
      /** Of this container alone; undefined for the whole pod, with its sidecar. */
      container: string | undefined;
      target: ResourceTarget;
    }
  | {
      kind: 'external';
      name: string;
      /** PromQL with one value. */
      query: string;
      /** `average-value` is divided among the replicas, `value` is not. */
      target: { kind: 'average-value' | 'value'; value: number };
    };

/** How fast replicas may come or go. */
export type ScalingRules = {
  stabilizationWindowMs: number;
  select: 'Max' | 'Min' | 'Disabled';
  policies: readonly { kind: 'Pods' | 'Percent'; value: number; periodMs: number }[];
};

/** A HorizontalPodAutoscaler, or what KEDA makes of a ScaledObject, with times as they run here. */
export type Autoscaler = {
  name: string;
  /** The Deployment that it scales. */
  target: string;
  min: number;
  max: number;
  metrics: readonly MetricSpec[];
  up: ScalingRules;
  down: ScalingRules;
  /** How often it looks. */
  intervalMs: number;
  /** How long after its start a pod's use of the processor says little. */
  initializationMs: number;
  /** How long after its start a pod that is not ready has never been. */
  initialReadinessMs: number;
};

/** A pod, as far as its use counts. */
export type PodSample = {
  /** `ignored` is on its way out; `unready` counts as nothing until it serves. */
  state: 'ready' | 'unready' | 'ignored';
  /** Undefined while nobody has measured it. */
  usage: number | undefined;
  /** What it asks for; undefined where it asks for nothing. */
  request: number | undefined;
};

/** How far from its target a metric may be before anything is done about it. */
export const tolerance = 0.1;
