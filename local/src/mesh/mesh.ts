import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '@faultline/mesh-control/control-plane';
import { proxyProgram } from '@faultline/mesh-proxy/program';
import type { Clock } from '@faultline/chassis/clock';
import type { Environment } from '../config.ts';
import { LogWriter } from '../logs/writer.ts';
import type { Manifests } from '../manifests/model.ts';
import { formatListen } from '../net/address.ts';
import { giveBack, takeLoopback, type LoopbackAddress, type PodPorts } from '../pods/ports.ts';
import type { ProcessGuard } from '../process/guard.ts';
import { toMeshInstance, toMeshService, type ListenedStore } from './instance.ts';
import type { JoiningPod, JoinOptions, Member } from './member.ts';
import { Sidecar } from './sidecar.ts';
import { storeTargets, throughSidecar, type StorePorts } from './store-targets.ts';

export type MeshOptions = {
  root: string;
  /** Where its keys are kept. */
  dir: string;
  runtimeDir: string;
  logsDir: string;
  compileCacheDir: string;
  manifests: Manifests;
  /** The engine's own environment, of which proxies are given the log level and `OTEL_…`. */
  env: Environment;
  clock: Clock;
  guard: ProcessGuard;
  takenPorts: Set<number>;
  storePorts(): StorePorts;
  /** Where rollouts keep their HTTPRoutes. */
  routesDir: string;
  /** A changed manifest was refused; what was there before stays in force. */
  onProblem(error: Error): void;
};

// How long a pod that leaves waits for the proxies to hear of it: one that hangs must not hold it.
const heardMs = 2_000;

/** The mesh of one system: its control plane, and a sidecar for each pod that is in it. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #controlSocket: string;
  readonly #program = proxyProgram();
  #control: ControlPlane | undefined;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.#controlSocket = join(options.runtimeDir, 'mesh.sock');
  }

  /** Throws a `ManifestError` that lists everything that is wrong with the mesh's manifests. */
  async start(): Promise<void> {
    const { root, dir, routesDir, manifests, clock, onProblem } = this.#options;
    this.#control = await startControlPlane({
      root,
      dir,
      socketPath: this.#controlSocket,
      manifestDirs: [join(root, 'mesh/routes'), join(root, 'mesh/policy'), routesDir],
      services: manifests.services.map(toMeshService),
      clock,
      onProblem,
    });
  }

  get control(): ControlPlane {
    if (this.#control === undefined) throw new Error('use the control plane before it is started');
    return this.#control;
  }

  async stop(): Promise<void> {
    await this.#control?.stop();
  }

  /** Takes a pod in; see `JoinMesh`. */
  async join(pod: JoiningPod, options: JoinOptions): Promise<Member> {
    return pod.deployment.meshed ? this.#withSidecar(pod, options) : this.#plain(pod);
  }

  #plain(pod: JoiningPod): Member {
    this.control.addInstance(toMeshInstance(pod, { reachedAt: pod.ports, stores: [] }));
    return {
      outboundUrl: undefined,
      sidecarPid: undefined,
      sidecarAdminUrl: undefined,
      ready: true,
      ports: pod.ports,
      storeUrl: (url) => url,
      setReady: ({ ready }) => this.#setReady(pod.name, ready),
      leave: () => Promise.resolve(void this.control.removeInstance(pod.name)),
    };
  }

  async #withSidecar(pod: JoiningPod, { signal, onSidecar }: JoinOptions): Promise<Member> {
    const { logsDir, clock, guard, takenPorts } = this.#options;
    const places = await this.#takePlaces(pod);
    const { outbound, admin, reachedAt, stores } = places;
    const { token } = this.control.addInstance(toMeshInstance(pod, { reachedAt, stores }));
    const sidecar = new Sidecar({
      program: this.#program,
      env: this.#environment(pod, { ...places, token }),
      admin,
      log: new LogWriter(join(logsDir, pod.deployment.service, `${pod.name}.proxy.log`)),
      clock,
      guard,
      onChange: onSidecar,
    });
    await sidecar.start(signal);
    return {
      outboundUrl: `http://${formatListen(outbound)}`,
      get sidecarPid() {
        return sidecar.pid;
      },
      sidecarAdminUrl: `http://${formatListen(admin)}`,
      get ready() {
        return sidecar.ready;
      },
      ports: reachedAt,
      storeUrl: (url) => throughSidecar(url, stores),
      setReady: ({ ready }) => this.#setReady(pod.name, ready),
      leave: async () => {
        await sidecar.stop();
        this.control.removeInstance(pod.name);
        const taken = [outbound, admin, ...reachedAt.map(({ address }) => address)];
        giveBack([...taken, ...stores.map(({ listen }) => listen)], takenPorts);
      },
    };
  }

  async #takePlaces({ deployment, ports }: JoiningPod): Promise<Places> {
    const { takenPorts, manifests, env, storePorts } = this.#options;
    const take = () => takeLoopback(takenPorts);
    const targets = storeTargets(deployment, {
      secrets: manifests.secrets,
      env,
      ports: storePorts(),
    });
    const [outbound, admin] = await Promise.all([take(), take()]);
    const reachedAt = await Promise.all(
      ports.map(async (port) => ({ ...port, address: await take() })),
    );
    const stores = await Promise.all(
      targets.map(async (target) => ({ ...target, listen: await take() })),
    );
    return { outbound, admin, reachedAt, stores };
  }

  #environment(
    { name, deployment, ports }: JoiningPod,
    { outbound, admin, reachedAt, token }: Places & { token: string },
  ): Record<string, string> {
    const { env, compileCacheDir } = this.#options;
    const passedOn = Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && /^(PROXY_LOG_LEVEL|OTEL_.*)$/.test(entry[0]),
    );
    const inbound = reachedAt.map(({ containerPort, address }, index) => {
      const app = ports[index]?.address ?? address;
      return `${containerPort}=${formatListen(address)}>${formatListen(app)}`;
    });
    return {
      // As soon as the apps' own, so that a trace is complete at once.
      OTEL_BSP_SCHEDULE_DELAY: '500',
      ...Object.fromEntries(passedOn),
      NODE_COMPILE_CACHE: compileCacheDir,
      // Otherwise glibc keeps memory that is free: several megabytes a proxy.
      MALLOC_ARENA_MAX: '1',
      MALLOC_TRIM_THRESHOLD_: '131072',
      MALLOC_MMAP_THRESHOLD_: '131072',
      PROXY_INSTANCE: name,
      PROXY_NAMESPACE: deployment.namespace,
      PROXY_SERVICE_ACCOUNT: deployment.serviceAccount,
      PROXY_TOKEN: token,
      PROXY_CONTROL_SOCKET: this.#controlSocket,
      PROXY_OUTBOUND_LISTEN: formatListen(outbound),
      PROXY_ADMIN_LISTEN: formatListen(admin),
      PROXY_INBOUND_PORTS: inbound.join(','),
    };
  }

  /** Reads the manifests again at once; resolves when every proxy goes by them. */
  async follow(): Promise<void> {
    await this.#heard(await this.control.reload());
  }

  async #setReady(name: string, ready: boolean): Promise<void> {
    await this.#heard(this.control.setReady(name, { ready }));
  }

  async #heard(version: number): Promise<void> {
    const enough = new AbortController();
    void this.#options.clock.sleep(heardMs, enough.signal).then(() => enough.abort());
    await this.control.applied(version, enough.signal);
    enough.abort();
  }
}

/** All addresses that a sidecar listens at. */
type Places = {
  outbound: LoopbackAddress;
  admin: LoopbackAddress;
  reachedAt: PodPorts;
  stores: readonly ListenedStore[];
};
