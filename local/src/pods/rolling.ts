import type { RolloutStrategy } from '../manifests/model.ts';

/** A pod, as far as a Deployment counts it. */
export type CountedPod = {
  /** Whether it has the present template. */
  isUpdated: boolean;
  /** Ready for long enough. */
  isAvailable: boolean;
  ready: boolean;
  /** It has been told to end. */
  isLeaving: boolean;
};

export type Step<P> = { create: number; stop: P[] };

/** `25%` of `total`, surges rounded up and absences down, as Kubernetes does. */
function count(value: number | string, total: number, round: (exact: number) => number): number {
  return typeof value === 'number' ? value : round((parseInt(value, 10) * total) / 100);
}

/** How many pods may be there besides, and how many of those asked for may be missing. */
export function margins(
  { maxSurge, maxUnavailable }: RolloutStrategy,
  desired: number,
): { surge: number; missing: number } {
  const surge = count(maxSurge, desired, Math.ceil);
  const missing = count(maxUnavailable, desired, Math.floor);
  // With neither nothing could ever move.
  return { surge, missing: surge === 0 && missing === 0 ? 1 : missing };
}

/**
 * What a Deployment does next to have `desired` pods of its present template, as Kubernetes'
 * controller decides: new pods up to the surge, then old ones as far as enough stay available.
 */
export function nextStep<P extends CountedPod>(
  pods: readonly P[],
  { desired, strategy }: { desired: number; strategy: RolloutStrategy },
): Step<P> {
  const staying = pods.filter(({ isLeaving }) => !isLeaving);
  const updated = staying.filter(({ isUpdated }) => isUpdated);
  const old = staying.filter(({ isUpdated }) => !isUpdated);
  const missing = Math.max(0, desired - updated.length);
  if (strategy.kind === 'recreate' && old.length > 0) return { create: 0, stop: old };
  const isEmptying = strategy.kind === 'recreate' && pods.some((pod) => !pod.isUpdated);
  const { surge, missing: mayMiss } = margins(strategy, desired);
  const create = isEmptying ? 0 : Math.min(missing, Math.max(0, desired + surge - staying.length));
  const surplus = chooseToStop(updated, updated.length - desired);
  return { create, stop: [...surplus, ...chooseOld({ old, updated, desired, create, mayMiss })] };
}

/** Old pods that are of no use go first; then as many as leave enough that are available. */
function chooseOld<P extends CountedPod>(of: {
  old: readonly P[];
  updated: readonly P[];
  desired: number;
  create: number;
  mayMiss: number;
}): P[] {
  const { old, updated, desired, create, mayMiss } = of;
  const least = desired - mayMiss;
  const unavailable = create + updated.filter(({ isAvailable }) => !isAvailable).length;
  const mayGo = old.length + updated.length + create - least - unavailable;
  const useless = old.filter(({ isAvailable }) => !isAvailable).slice(0, Math.max(0, mayGo));
  const available = [...old, ...updated].filter(({ isAvailable }) => isAvailable).length;
  const useful = chooseToStop(
    old.filter(({ isAvailable }) => isAvailable),
    Math.min(available - least, mayGo - useless.length),
  );
  return [...useless, ...useful];
}

/** Which pods go first: those that are not ready, then the newest, as in Kubernetes. */
export function chooseToStop<P extends { ready: boolean }>(
  pods: readonly P[],
  surplus: number,
): P[] {
  const newestFirst = pods.toReversed();
  const notReady = newestFirst.filter(({ ready }) => !ready);
  const ready = newestFirst.filter((pod) => pod.ready);
  return [...notReady, ...ready].slice(0, Math.max(0, surplus));
}
