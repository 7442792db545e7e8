import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '@faultline/mesh-control/control-plane';
import type { MeshInstance, MeshService } from '@faultline/mesh-control/world';
import { App } from './app.ts';
import { type Address, ask, type Ask, raw, type Reply } from './http.ts';
import type { Manifest } from './manifests.ts';
import type { Mesh, Pod, PodOptions, RouteStatus } from './mesh.ts';
import { Metrics } from './metrics.ts';
import {
  inProcess,
  type ProxyHandle,
  type ProxyLauncher,
  type ProxyOrder,
  freePort,
} from './proxies.ts';
import { toMeshService } from './services.ts';
import { VirtualTime } from './virtual-time.ts';

export type EmbeddedOptions = {
  /** Refuse what Linkerd would drop or ignore, as in production; default false: do as Linkerd does. */
  readonly strict?: boolean;
  /** How proxies are run; default in this process, on virtual time. */
  readonly launcher?: ProxyLauncher;
  readonly settings?: ControlPlaneOptions['settings'];
  /** An authority of the test's own, so that it can issue what no control plane would. */
  readonly authority?: { readonly pem: string; readonly keyPem: string };
};

type KeptPod = Pod & {
  readonly instance: MeshInstance;
  readonly order: ProxyOrder;
  isReady: boolean;
  proxy: ProxyHandle | undefined;
  readonly outbound: Address;
  readonly admin: Address;
};

/** The project's own control plane and proxies, with real sockets, certificates and manifests. */
export class EmbeddedMesh implements Mesh {
  readonly time: ProxyLauncher['time'];
  readonly #dir: string;
  readonly #launcher: ProxyLauncher;
  readonly #options: ControlPlaneOptions;
  readonly #pods: KeptPod[] = [];
  #services: readonly MeshService[] = [];
  #plane: ControlPlane;
  #files = 0;

  private constructor(
    options: ControlPlaneOptions,
    { launcher, plane }: { launcher: ProxyLauncher; plane: ControlPlane },
  ) {
    this.#dir = options.root;
    this.#options = options;
    this.#launcher = launcher;
    this.#plane = plane;
    this.time = launcher.time;
  }

  static async start(options: EmbeddedOptions = {}): Promise<EmbeddedMesh> {
    const { strict = false, launcher = inProcess(new VirtualTime()) } = options;
    const { settings, authority } = options;
    const dir = await mkdtemp(join(tmpdir(), 'conf-'));
    const plan: ControlPlaneOptions = {
      dir: join(dir, 'state'),
      socketPath: join(dir, 'control.sock'),
      root: dir,
      // Made later, so that nothing watches it: `apply` says itself when it is to be read.
      manifestDirs: [join(dir, 'manifests')],
      clock: launcher.clock,
      strict,
      ...(settings && { settings }),
      ...(authority && { identity: givenBy(authority) }),
    };
    return new EmbeddedMesh(plan, { launcher, plane: await startControlPlane(plan) });
  }

  /** As if it had crashed: proxies have nobody to ask any more. */
  stopControlPlane(): Promise<void> {
    return this.#plane.stop();
  }

  /** Another control plane over the same keys, which is told of every pod again. */
  async startControlPlane(): Promise<void> {
    this.#plane = await startControlPlane({ ...this.#options, services: this.#services });
    for (const { instance, isReady } of this.#pods) {
      this.#plane.addInstance(instance);
      this.#plane.setReady(instance.name, { ready: isReady });
    }
  }

  async apply(...manifests: readonly Manifest[]): Promise<void> {
    const folder = join(this.#dir, 'manifests');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const services = manifests.filter(({ kind }) => kind === 'Service');
    for (const manifest of manifests) {
      if (manifest.kind === 'Service') continue;
      await writeFile(join(folder, `${++this.#files}.yaml`), JSON.stringify(manifest));
    }
    this.#services = services.map(toMeshService);
    this.#plane.setServices(this.#services);
    await this.#applied(await this.#plane.reload());
  }

  warnings(): string[] {
    return [...this.#plane.routes().warnings, ...this.#plane.policy().warnings];
  }

  statusOf(route: string): RouteStatus {
    const found = this.#plane.routes().statuses.find(({ ref }) => ref.name === route);
    return Object.fromEntries(
      (found?.parents[0]?.conditions ?? []).map(({ type, status, reason }) => [
        type,
        { status, reason },
      ]),
    );
  }

  async addPod(options: PodOptions): Promise<Pod> {
    const { name, namespace = 'a', account = name, meshed = true } = options;
    const path = (part: string): Address => ({ path: join(this.#dir, `${name}-${part}.sock`) });
    const address: Address = options.hasIp
      ? { host: '127.0.0.1', port: await freePort() }
      : path('in');
    const app = new App(meshed ? path('app') : address, this.time);
    if (!options.impostor) await app.start();
    const instance = toInstance(options, address);
    const { token } = this.#plane.addInstance(instance);
    const pod = {
      name,
      identity: `${account}.${namespace}.serviceaccount.identity.linkerd.cluster.local`,
      app,
      address,
      outbound: path('out'),
      admin: path('admin'),
    };
    const controlSocket = join(this.#dir, 'control.sock');
    const order = { ...pod, namespace, account, token, controlSocket, appAddress: path('app') };
    this.#pods.push({ ...pod, instance, order, isReady: false, proxy: undefined });
    if (meshed && !options.impostor) await this.startProxy(pod);
    await this.setReady(pod, { ready: true });
    return pod;
  }

  async setReady(pod: Pod, { ready }: { ready: boolean }): Promise<void> {
    this.#kept(pod).isReady = ready;
    await this.#applied(this.#plane.setReady(pod.name, { ready }));
  }

  async startProxy(pod: Pod): Promise<void> {
    const kept = this.#kept(pod);
    kept.proxy = await this.#launcher.launch(kept.order);
  }

  async killProxy(pod: Pod): Promise<void> {
    await this.#kept(pod).proxy?.kill();
  }

  send(pod: Pod, url: string, options: Ask = {}): Promise<Reply> {
    return this.#ask(this.#kept(pod).outbound, url, options);
  }

  begin(pod: Pod, url: string, options: Ask = {}): Promise<Reply> {
    return this.#begin(this.#kept(pod).outbound, url, options);
  }

  sendWithin(timeoutMs: number, pod: Pod, url: string): Promise<Reply | undefined> {
    const late = this.time.sleep(timeoutMs).then(() => undefined);
    return this.time.until(Promise.race([this.begin(pod, url), late]));
  }

  sendPlain(pod: Pod, path: string, options: Ask = {}): Promise<Reply> {
    return this.#ask(pod.address, path, options);
  }

  sendRaw(pod: Pod, bytes: string | Buffer): Promise<string> {
    return this.time.until(raw(this.#kept(pod).outbound, bytes));
  }

  async metrics(pod: Pod): Promise<Metrics> {
    const { body } = await this.#ask(this.#kept(pod).admin, '/metrics', {});
    return new Metrics(body);
  }

  /** Where the app of `pod` finds its proxy, for tests that keep connections open. */
  outboundOf(pod: Pod): Address {
    return this.#kept(pod).outbound;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pods.map(({ proxy }) => proxy?.kill()));
    await Promise.all(this.#pods.map(({ app }) => app.stop()));
    await this.#plane.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  #ask(address: Address, target: string, options: Ask): Promise<Reply> {
    return this.time.until(this.#begin(address, target, options));
  }

  #begin(address: Address, target: string, options: Ask): Promise<Reply> {
    return ask(address, target, { ...options, nowMs: () => this.time.nowMs() });
  }

  #kept(pod: Pod): KeptPod {
    const kept = this.#pods.find(({ name }) => name === pod.name);
    if (!kept) throw new Error(`find pod ${pod.name}: there is none of that name`);
    return kept;
  }

  async #applied(version: number): Promise<void> {
    await this.time.until(this.#plane.applied(version));
  }
}

function givenBy({ pem, keyPem }: { pem: string; keyPem: string }) {
  return { given: { anchorsPem: [pem], issuer: { certificatePem: pem, keyPem } } };
}

function toInstance(options: PodOptions, socket: Address): MeshInstance {
  const { name, namespace = 'a', account = name, meshed = true, probes = [] } = options;
  return {
    name,
    namespace,
    serviceAccount: account,
    labels: { app: name, ...options.labels },
    annotations: { ...options.annotations },
    meshed,
    deployment: name,
    ports: [{ name: 'http', containerPort: 8080, socket }],
    probes: probes.map((path) => ({ path, port: 'http' })),
    tcpTargets: [],
  };
}
