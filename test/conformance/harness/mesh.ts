import type { App } from './app.ts';
import type { Address, Ask, Reply } from './http.ts';
import type { Manifest } from './manifests.ts';
import type { Metrics } from './metrics.ts';
import type { Time } from './time.ts';

// What the conformance tests ask of a mesh. Nothing here is the embedded mesh's own: manifests go in,
// requests are sent from pods, and what apps, clients and `/metrics` saw comes out.

export type PodOptions = {
  /** Its ServiceAccount and label `app` unless they are given. */
  readonly name: string;
  readonly namespace?: string;
  readonly account?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** False: no sidecar. */
  readonly meshed?: boolean;
  /** Paths of its httpGet probes. */
  readonly probes?: readonly string[];
  /** True: the test itself listens at its address, in place of its proxy. */
  readonly impostor?: boolean;
  /** Whether it has an address of its own, as pods have: host and port. */
  readonly hasIp?: boolean;
};

export type Pod = {
  readonly name: string;
  /** The name its proxy proves. */
  readonly identity: string;
  /** Its one container, with the port `http`, 8080. */
  readonly app: App;
  /** Where others reach that port. */
  readonly address: Address;
};

export type RouteStatus = Readonly<
  Record<string, { readonly status: string; readonly reason: string }>
>;

export type Mesh = {
  readonly time: Time;
  /**
   * Puts these manifests in force in place of all before, Services among them. Rejects when they are
   * refused; what was in force stays so.
   */
  apply(...manifests: readonly Manifest[]): Promise<void>;
  /** What people are told about the manifests in force. */
  warnings(): string[];
  /** The conditions of a route for its first parent, by type. */
  statusOf(route: string): RouteStatus;
  /** A pod that is ready. */
  addPod(options: PodOptions): Promise<Pod>;
  setReady(pod: Pod, ready: { readonly ready: boolean }): Promise<void>;
  /** Kills the sidecar of a pod; nobody is told. */
  killProxy(pod: Pod): Promise<void>;
  /** Starts it again, at the same addresses. */
  startProxy(pod: Pod): Promise<void>;
  /** A request of the app in `pod` to `url`. */
  send(pod: Pod, url: string, ask?: Ask): Promise<Reply>;
  /** The same, but undefined when there is no reply after `timeoutMs`. */
  sendWithin(timeoutMs: number, pod: Pod, url: string): Promise<Reply | undefined>;
  /** The same, but time does not pass for it alone. */
  begin(pod: Pod, url: string, ask?: Ask): Promise<Reply>;
  /** A request from outside the mesh to `pod`'s port, as a kubelet's. */
  sendPlain(pod: Pod, path: string, ask?: Ask): Promise<Reply>;
  /** Bytes from the app in `pod` to its proxy, as its HTTP client would write them. */
  sendRaw(pod: Pod, bytes: string | Buffer): Promise<string>;
  metrics(pod: Pod): Promise<Metrics>;
  stop(): Promise<void>;
};
