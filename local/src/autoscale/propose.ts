import { type MetricSpec, type PodSample, type ResourceTarget, tolerance } from './model.ts';

/** How many replicas one metric asks for, and why; or why it cannot say. */
export type Proposal = { replicas: number; reason: string } | { error: string };

type Weighed = { usage: number; weight: number };

/**
 * Replicas by what the pods use, as Kubernetes computes them. Pods that nobody has measured are
 * taken to use all of their target when there are to be fewer, nothing when there are to be more;
 * those that are not ready nothing; neither may turn the direction around.
 */
export function proposeByUse(
  target: ResourceTarget,
  { current, pods, what }: { current: number; pods: readonly PodSample[]; what: string },
): Proposal {
  const counted = pods.filter(({ state }) => state !== 'ignored');
  if (target.kind === 'utilization' && counted.some(({ request }) => request === undefined)) {
    return { error: `${what}: a pod requests none, so there is nothing to take a share of` };
  }
  const goal = target.kind === 'utilization' ? target.share : target.value;
  const weigh = ({ usage, request }: PodSample, instead = 0): Weighed => {
    const weight = target.kind === 'utilization' ? (request ?? 0) : 1;
    return { usage: usage ?? instead * weight, weight };
  };
  const unready = counted.filter(({ state }) => state === 'unready');
  const ready = counted.filter(({ state }) => state === 'ready');
  const measured = ready.filter(({ usage }) => usage !== undefined);
  const missing = ready.filter(({ usage }) => usage === undefined);
  if (measured.length === 0) return { error: `${what}: no ready pod has been measured yet` };

  const known = measured.map((pod) => weigh(pod));
  const ratio = ratioOf(known, goal);
  const reason = describeUse(what, known, target);
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0) {
    return { replicas: withinTolerance(ratio) ? current : ceil(ratio * measured.length), reason };
  }
  const full = target.kind === 'utilization' ? Math.max(1, goal) : goal;
  const all = [
    ...known,
    ...missing.map((pod) => weigh(pod, ratio < 1 ? full : 0)),
    ...(countsUnready ? unready.map((pod) => weigh({ ...pod, usage: 0 })) : []),
  ];
  const careful = ratioOf(all, goal);
  return { replicas: carefully({ current, ratio, careful, pods: all.length }), reason };
}

/** `careful` is the ratio with guesses in it: they may weaken what was measured, not turn it. */
function carefully(found: {
  current: number;
  ratio: number;
  careful: number;
  pods: number;
}): number {
  const { current, ratio, careful, pods } = found;
  const replicas = ceil(careful * pods);
  const turnsAround = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  const goesAstray = careful < 1 ? replicas > current : replicas < current;
  return withinTolerance(careful) || turnsAround || goesAstray ? current : replicas;
}

/** Replicas by a number that comes from elsewhere, such as how much waits in a queue. */
export function proposeByValue(
  { name, target }: Extract<MetricSpec, { kind: 'external' }>,
  { current, ready, value }: { current: number; ready: number; value: number | undefined },
): Proposal {
  if (value === undefined) return { error: `${name}: it has no value` };
  const shown = Number(value.toFixed(1));
  if (target.kind === 'average-value') {
    const reason = `${name} is ${shown}, ${target.value} for each instance`;
    const ratio = value / (target.value * current);
    const stays = current > 0 && withinTolerance(ratio);
    return { replicas: stays ? current : ceil(value / target.value), reason };
  }
  const reason = `${name} is ${shown}, the target is ${target.value}`;
  const ratio = value / target.value;
  if (current === 0) return { replicas: ceil(ratio), reason };
  return { replicas: withinTolerance(ratio) ? current : ceil(ratio * ready), reason };
}

function ratioOf(pods: readonly Weighed[], goal: number): number {
  return sum(pods.map(({ usage }) => usage)) / (sum(pods.map(({ weight }) => weight)) * goal);
}

function describeUse(what: string, pods: readonly Weighed[], target: ResourceTarget): string {
  const used = sum(pods.map(({ usage }) => usage));
  if (target.kind === 'utilization') {
    const share = used / sum(pods.map(({ weight }) => weight));
    return `${what} is ${percent(share)} of the request, the target is ${percent(target.share)}`;
  }
  return `${what} is ${milli(used / pods.length)} for each instance, the target is ${milli(target.value)}`;
}

const withinTolerance = (ratio: number): boolean => Math.abs(1 - ratio) <= tolerance + 1e-9;
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const milli = (value: number): string => `${Math.round(value * 1000)}m`;
/** Up to the next whole number, but for what only the arithmetic added. */
const ceil = (value: number): number => Math.ceil(value - 1e-9);
const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
