import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '@faultline/mesh-control/control-plane';
import type { MeshInstance } from '@faultline/mesh-control/world';
import { App } from './app.ts';
import { type Address, ask, type Ask, raw, type Reply } from './http.ts';
import type { Manifest } from './manifests.ts';
import type { Mesh, Pod, PodOptions, RouteStatus } from './mesh.ts';
import { Metrics } from './metrics.ts';
import { inProcess, type ProxyHandle, type ProxyLauncher, freePort } from './proxies.ts';
import { toMeshService } from './services.ts';
import { VirtualTime } from './virtual-time.ts';

export type EmbeddedOptions = {
  /** Refuse what Linkerd would drop or ignore, as in production; default false: do as Linkerd does. */
  readonly strict?: boolean;
  /** How proxies are run; default in this process, on virtual time. */
  readonly launcher?: ProxyLauncher;
  readonly settings?: Parameters<typeof startControlPlane>[0]['settings'];
};

type KeptPod = Pod & {
  readonly namespace: string;
  readonly proxy: ProxyHandle | undefined;
  readonly outbound: Address;
  readonly admin: Address;
};

/** The project's own control plane and proxies, with real sockets, certificates and manifests. */
export class EmbeddedMesh implements Mesh {
  readonly time: ProxyLauncher['time'];
  readonly #dir: string;
  readonly #launcher: ProxyLauncher;
  readonly #plane: ControlPlane;
  readonly #pods: KeptPod[] = [];
  #files = 0;

  private constructor(options: { dir: string; launcher: ProxyLauncher; plane: ControlPlane }) {
    this.#dir = options.dir;
    this.#launcher = options.launcher;
    this.#plane = options.plane;
    this.time = options.launcher.time;
  }

  static async start(options: EmbeddedOptions = {}): Promise<EmbeddedMesh> {
    const { strict = false, launcher = inProcess(new VirtualTime()), settings } = options;
    const dir = await mkdtemp(join(tmpdir(), 'conf-'));
    const plane = await startControlPlane({
      dir: join(dir, 'state'),
      socketPath: join(dir, 'control.sock'),
      root: dir,
      // Made later, so that nothing watches it: `apply` says itself when it is to be read.
      manifestDirs: [join(dir, 'manifests')],
      clock: launcher.clock,
      strict,
      ...(settings && { settings }),
    });
    return new EmbeddedMesh({ dir, launcher, plane });
  }

  /** The control plane, for tests of what happens when it dies. */
  get plane(): ControlPlane {
    return this.#plane;
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
    this.#plane.setServices(services.map(toMeshService));
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
    await app.start();
    const instance = toInstance(options, address);
    const { token } = this.#plane.addInstance(instance);
    const pod = {
      name,
      namespace,
      identity: `${account}.${namespace}.serviceaccount.identity.linkerd.cluster.local`,
      app,
      address,
      outbound: path('out'),
      admin: path('admin'),
    };
    const proxy = meshed
      ? await this.#launcher.launch({
          ...pod,
          account,
          token,
          controlSocket: join(this.#dir, 'control.sock'),
          appAddress: path('app'),
        })
      : undefined;
    this.#pods.push({ ...pod, proxy });
    await this.#applied(this.#plane.setReady(name, { ready: true }));
    return pod;
  }

  async setReady(pod: Pod, { ready }: { ready: boolean }): Promise<void> {
    await this.#applied(this.#plane.setReady(pod.name, { ready }));
  }

  async killProxy(pod: Pod): Promise<void> {
    await this.#kept(pod).proxy?.kill();
  }

  send(pod: Pod, url: string, options: Ask = {}): Promise<Reply> {
    return this.#ask(this.#kept(pod).outbound, url, options);
  }

  begin(pod: Pod, url: string, options: Ask & { timeoutMs: number }): Promise<Reply | undefined> {
    const { timeoutMs } = options;
    const reply = this.#begin(this.#kept(pod).outbound, url, options);
    // What comes of it later is nobody's business.
    const late = this.time.sleep(timeoutMs).then(() => undefined);
    return this.time.until(Promise.race([reply, late]));
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
