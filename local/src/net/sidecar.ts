/** The instance a sidecar serves. */
export type SidecarInstance = { name: string; service: string };

/** What stands between an instance and the others. */
export type Sidecar = {
  /** Given to the app as its HTTP proxy. */
  outboundUrl: string;
  /** Its process, when it is one of its own. */
  pid: number | undefined;
  stop(): Promise<void>;
};

/** Starts the sidecar of an instance, before the app; it is stopped after the app. */
export type StartSidecar = (instance: SidecarInstance) => Promise<Sidecar>;
