import type { Pod, PodState } from '../pods/pod.ts';

/** Something that was done to the system, or that became of an instance. */
export type Change = {
  kind: 'deploy' | 'weight' | 'promote' | 'rollback' | 'scale' | 'restart' | 'config' | 'instance';
  service: string;
  version?: string;
  instance?: string;
  state?: 'started' | 'ready' | 'unready' | 'stopping' | 'stopped' | 'crashed';
  detail: string;
};

const states: Readonly<Record<Exclude<PodState, 'Running'>, Change['state']>> = {
  Waiting: 'started',
  Starting: 'started',
  CrashLoopBackOff: 'crashed',
  Terminating: 'stopping',
  Stopped: 'stopped',
};

/** What has become of a pod. */
export function changeOf(pod: Pod, reason: string | undefined): Change {
  const state = pod.state === 'Running' ? (pod.ready ? 'ready' : 'unready') : states[pod.state];
  return {
    kind: 'instance',
    service: pod.deployment.service,
    version: pod.deployment.version,
    instance: pod.name,
    ...(state !== undefined && { state }),
    detail: reason ?? state ?? pod.state,
  };
}
