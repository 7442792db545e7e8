import type { Deployment } from '../manifests/model.ts';
import type { PodPorts } from '../pods/ports.ts';

/** A pod that is about to start; `ports` is where its container will listen. */
export type JoiningPod = { name: string; deployment: Deployment; ports: PodPorts };

/** A pod's part in the mesh: its sidecar, where it has one, and whether it takes traffic. */
export type Member = {
  /** Given to the app as its HTTP proxy; undefined without a sidecar. */
  readonly outboundUrl: string | undefined;
  readonly sidecarPid: number | undefined;
  /** The sidecar's own metrics and state. */
  readonly sidecarAdminUrl: string | undefined;
  /** Whether its sidecar serves; always true without one. */
  readonly ready: boolean;
  /** Where others reach the container's ports: at its sidecar, where it has one. */
  readonly ports: PodPorts;
  /** The URL of a store as the app is to use it: through the sidecar. */
  storeUrl(url: string): string;
  /** Tells the mesh whether the pod takes traffic. Resolves when every proxy knows. */
  setReady(options: { ready: boolean }): Promise<void>;
  /** Ends the sidecar and forgets the pod. */
  leave(): Promise<void>;
};

export type JoinOptions = {
  /** Gives up waiting for the sidecar. */
  signal: AbortSignal;
  /** The sidecar ended, or serves again. */
  onSidecar(reason?: string): void;
};

/** Takes a pod in; resolves when its sidecar serves, so that the app can be started. */
export type JoinMesh = (pod: JoiningPod, options: JoinOptions) => Promise<Member>;
