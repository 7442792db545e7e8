import type { AutoscalerStatus } from './autoscale/autoscaling.ts';
import type { Workload } from './pods/workload.ts';
import type { Weights } from './rollouts/canary.ts';
import type { Phase } from './rollouts/state.ts';
import type { Store, StoreName } from './stores/store.ts';

/** What `faultline status --json` answers. */
export type Status = {
  services: ServiceStatus[];
  stores: StoreStatus[];
  links: Record<string, string>;
};

export type ServiceStatus = {
  name: string;
  version: string;
  /** How many instances are asked for. */
  replicas: number;
  /** How calls are split while a new version is tried; null without a Canary. */
  weights: Weights | null;
  /** Of the rollout that runs, or of the last one; null without a Canary. */
  phase: Phase | null;
  /** Null where nobody scales it. */
  autoscaler: AutoscalerStatus | null;
  instances: InstanceStatus[];
};

export type InstanceStatus = {
  name: string;
  version: string;
  /** Null without a Canary. */
  role: 'primary' | 'canary' | null;
  pid: number | null;
  proxy_pid: number | null;
  ready: boolean;
  restarts: number;
  state: string;
  /** Where metrics and health are; null when it has no admin port. */
  admin_url: string | null;
  /** Where its sidecar's are; null without one. */
  proxy_admin_url: string | null;
};

export type StoreStatus = {
  name: string;
  kind: StoreName;
  pid: number | null;
  ready: boolean;
  port: number;
  restarts: number;
  /** With the superuser's password; only on request. */
  admin_url?: string | null;
};

/** What a service's rollout adds to its status. */
export type RolloutPart = Pick<ServiceStatus, 'weights' | 'phase'>;

export function describeService(
  { service, serving, target, primary, pods }: Workload,
  rollout: RolloutPart = { weights: null, phase: null },
): ServiceStatus {
  return {
    name: service,
    version: serving.deployment.version,
    replicas: serving.desired,
    ...rollout,
    autoscaler: null,
    instances: pods.map((pod) => {
      const admin = pod.reachedAt('admin');
      return {
        name: pod.name,
        version: pod.deployment.version,
        role: primary ? (target.pods.includes(pod) ? 'canary' : 'primary') : null,
        pid: pod.pid ?? null,
        proxy_pid: pod.sidecarPid ?? null,
        ready: pod.ready,
        restarts: pod.restarts,
        state: pod.state,
        admin_url: admin && 'port' in admin ? `http://${admin.host}:${admin.port}` : null,
        proxy_admin_url: pod.sidecarAdminUrl ?? null,
      };
    }),
  };
}

export function describeStore(store: Store, { secrets }: { secrets: boolean }): StoreStatus {
  return {
    name: store.name,
    kind: store.name,
    pid: store.server?.pid ?? null,
    ready: store.ready,
    port: store.port,
    restarts: store.restarts,
    ...(secrets && { admin_url: store.server?.url ?? null }),
  };
}
