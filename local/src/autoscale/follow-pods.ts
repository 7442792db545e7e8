import type { Clock } from '@faultline/chassis/clock';
import type { Pod } from '../pods/pod.ts';
import type { Pods } from '../pods/pods.ts';
import type { MetricSource } from '../rollouts/prometheus.ts';
import { Autoscaling } from './autoscaling.ts';
import type { Autoscaler } from './model.ts';
import type { ScaledPod } from './pod-meter.ts';

export type FollowOptions = {
  autoscalers: readonly Autoscaler[];
  pods: Pods;
  clock: Clock;
  /** Asked when needed: it may not be known before the system has started. */
  metrics(): MetricSource;
  /** Called before instances come or go. */
  onScale(service: string, detail: string): void;
  /** Called when instances cannot be made to come or go. */
  onProblem(service: string, reason: string): void;
};

/** Autoscalers of the pods that run here. Under a Canary they scale what serves, the primary. */
export function followPods({
  autoscalers,
  pods,
  clock,
  metrics,
  onScale,
  onProblem,
}: FollowOptions): Autoscaling {
  return new Autoscaling({
    autoscalers,
    clock,
    ports: {
      look(target) {
        const { serving } = pods.find(target);
        return { desired: serving.desired, pods: serving.pods.map(toScaledPod) };
      },
      async scale(target, count, reason) {
        const { serving } = pods.find(target);
        onScale(target, `from ${serving.desired} to ${count} instances: ${reason}`);
        // Nobody waits for those that go: the next look sees them leave.
        serving.scale(count).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          onProblem(target, `scale to ${count}: ${why}`);
        });
      },
      query: (promql) => metrics().query(promql),
    },
  });
}

function toScaledPod(pod: Pod): ScaledPod {
  return {
    name: pod.name,
    ready: pod.ready,
    leaving: pod.state === 'Terminating',
    pid: pod.pid,
    sidecarPid: pod.sidecarPid,
    requestCpu: pod.deployment.cpuRequest,
  };
}
