import type { ReplicasStatus } from '../pods/replicas.ts';
import type { Readiness } from './state.ts';

/** Whether a Deployment counts as ready, by Flagger's rules. */
export function readinessOf(
  status: ReplicasStatus,
  { deadlineSeconds, thresholdPercent }: { deadlineSeconds: number; thresholdPercent: number },
): Readiness {
  const { name, desired, total, updated, available } = status;
  if (status.deadlineExceeded) {
    const reason = `deployment "${name}" exceeded its progress deadline`;
    return { ready: false, retriable: false, reason };
  }
  const retriable = status.unavailableMs <= deadlineSeconds * 1_000;
  const waiting = (why: string): Readiness => {
    return { ready: false, retriable, reason: `${name}: waiting for rollout to finish: ${why}` };
  };
  if (updated < desired) return waiting(`${updated} out of ${desired} new replicas are updated`);
  if (total > updated) return waiting(`${total - updated} old replicas are pending termination`);
  const enough = Math.floor((updated * thresholdPercent) / 100);
  if (available >= enough) return { ready: true };
  return waiting(`${available} of ${enough} updated replicas are available`);
}
