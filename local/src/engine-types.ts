import type { Clock } from '@faultline/chassis/clock';
import type { ControlPlane } from '@faultline/mesh-control/control-plane';
import type { Environment } from './config.ts';
import type { Faults } from './faults/faults.ts';
import type { Request } from './rollouts/commands.ts';
import type { DeployReply, DeployRequest, ListedRelease } from './rollouts/deploys.ts';
import type { RolloutReport } from './rollouts/report.ts';
import type { RolloutStatus } from './rollouts/rollout.ts';
import type { ManifestText } from './manifests/texts.ts';
import type { ServiceStatus, Status } from './status.ts';

export type EngineOptions = {
  /** The project: its `services/*` are run. */
  root: string;
  /** Where all state is kept; created when missing. */
  dataDir: string;
  /** `fixed` (default) opens the ports the manifests name, `auto` free ones. */
  ports?: 'fixed' | 'auto';
  /** Where public ports listen; default loopback. */
  host?: string;
  /** Default: this process's. Names external stores and passes LOG_LEVEL and OTEL_… to the pods. */
  env?: Environment;
  /** `CONFIGMAP.KEY=VALUE` */
  set?: readonly string[];
  /** False leaves out the trace store and Prometheus. */
  observed?: boolean;
  /** How rollouts are followed. */
  rollouts?: {
    /** Between two looks; default: as each Canary says. */
    intervalMs?: number;
    /** True does exactly as Flagger, which takes silence for a failure; default false. */
    strict?: boolean;
    /** Names of metrics that no Canary is to be judged by. */
    unjudged?: readonly string[];
  };
  /** True follows the autoscalers of the manifests from the start; default false. */
  autoscale?: boolean;
  clock?: Clock;
  onEvent?(event: EngineEvent): void;
  /** Called when `faultline down` asks; default: stop. */
  onStopRequest?(engine: Engine): void;
  /** Gives up the start. */
  signal?: AbortSignal;
};

/** The parts of the mesh that `faultline mesh` shows from the control plane. */
export type MeshReports = {
  routes: ReturnType<ControlPlane['routes']>;
  policy: ReturnType<ControlPlane['policy']>;
  identity: ReturnType<ControlPlane['identity']>;
};
export type MeshView = keyof MeshReports;
export type MeshReport = MeshReports[MeshView];

/** A component changed its state. */
export type EngineEvent = {
  component: string;
  state: string;
  /** Why, where there is something to say. */
  reason?: string;
};

export type RestartOptions = {
  now?: boolean;
  /** Variables for the run that begins now and for no later one, such as a test's crash points. */
  env?: Record<string, string>;
};

/** A system that runs. */
export type Engine = {
  dataDir: string;
  links: Readonly<Record<string, string>>;
  /** Lines for the people who use it: accounts and the like. */
  notes: readonly string[];
  /** Administrator's URLs of the stores that run locally. */
  storeUrls(): { postgres?: string; redis?: string };
  status(options?: { secrets?: boolean }): Status;
  instances(service: string): ServiceStatus['instances'];
  /** Changes the number of instances; resolves when all asked for are ready and no other is left. */
  scale(service: string, count: number): Promise<ServiceStatus>;
  /** Follows the autoscalers of the manifests from now on, or leaves that. */
  autoscale(on?: boolean): Promise<Status>;
  /**
   * Ends and starts again a service's instances one after the other, one instance, or a store;
   * with `now` by SIGKILL. Resolves when it is ready again.
   */
  restart(target: string, options?: RestartOptions): Promise<void>;
  /**
   * Lets a release of a service take the place of what runs, from what the request names. Resolves
   * when a rolling update is over, and when a canary has been seen: `rollout` tells the rest.
   */
  deploy(request: DeployRequest): Promise<DeployReply>;
  /** Newest first; of one service, or of all. */
  releases(service?: string): Promise<ListedRelease[]>;
  /** What a service's Canary is at, after what is asked of it. */
  rollout(service: string, request?: Request | 'status'): Promise<RolloutStatus>;
  /** How a service's rollouts went, newest first. */
  reports(service: string): Promise<readonly RolloutReport[]>;
  /** Of every Canary. */
  rollouts(): RolloutStatus[];
  /** Breaks things for a while. */
  readonly faults: Pick<Faults, 'add' | 'list' | 'clear'>;
  /** What the mesh goes by. */
  meshReport<V extends MeshView>(view: V): MeshReports[V];
  /** The files that describe a service, as they are written. */
  manifests(service: string): Promise<ManifestText[]>;
  /** Drains and stops everything. Idempotent. */
  stop(): Promise<void>;
};
