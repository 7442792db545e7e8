import { join, resolve } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import type { Autoscaling } from './autoscale/autoscaling.ts';
import { followPods } from './autoscale/follow-pods.ts';
import type { Autoscaler } from './autoscale/model.ts';
import { readDescription } from './description.ts';
import { processEnvironment } from './config.ts';
import { serveControl, type ControlServer } from './control/server.ts';
import { EngineError } from './engine-error.ts';
import type {
  Engine,
  EngineEvent,
  EngineOptions,
  MeshReports,
  MeshView,
  RestartOptions,
} from './engine-types.ts';
import { Faults } from './faults/faults.ts';
import { explainFailure, explaining } from './logs/explain.ts';
import type { Manifests } from './manifests/model.ts';
import { type ManifestText, manifestTexts } from './manifests/texts.ts';
import { Endpoints } from './net/endpoints.ts';
import { freePort } from './net/free-port.ts';
import { openPublicPorts, type PublicPorts } from './net/public-ports.ts';
import { Mesh } from './mesh/mesh.ts';
import { expandNotes } from './notes.ts';
import { changeOf } from './observers/change.ts';
import { Observers } from './observers/observers.ts';
import { chooseObserverPorts, type ObserverPorts } from './observers/ports.ts';
import { Pods } from './pods/pods.ts';
import type { Pod } from './pods/pod.ts';
import type { Templates, Workload } from './pods/workload.ts';
import type { Request } from './rollouts/commands.ts';
import { Deploys, type DeployReply, type DeployRequest } from './rollouts/deploys.ts';
import { noMetrics, prometheus, type MetricSource } from './rollouts/prometheus.ts';
import { ProcessGuard, stopLeftovers } from './process/guard.ts';
import { chooseCompileCacheDir } from './state/compile-cache.ts';
import { clearDataDir, closeDataDir, openDataDir, type DataDir } from './state/data-dir.ts';
import { takeLock } from './state/lock.ts';
import { describeService, describeStore, type ServiceStatus, type Status } from './status.ts';
import { LocalStores } from './stores/local-stores.ts';
import { Secrets } from './stores/secrets.ts';
import type { Store } from './stores/store.ts';

/** Starts everything the manifests describe; resolves when all of it is ready. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { manifests, canaries, autoscalers } = await readDescription(options);
  const data = await openDataDir(resolve(options.dataDir));
  const release = takeLock(data.lockFile);
  try {
    await stopLeftovers(data.processesDir);
    await clearDataDir(data);
    const takenPorts = new Set<number>();
    const storePorts = { postgres: await freePort(takenPorts), redis: await freePort(takenPorts) };
    const observerPorts =
      options.observed === false
        ? undefined
        : await chooseObserverPorts(options.ports ?? 'fixed', takenPorts);
    const deploys = new Deploys({
      root: resolve(options.root),
      dataDir: data.path,
      manifests,
      canaries,
      clock: options.clock ?? systemClock,
      strict: options.rollouts?.strict ?? false,
      intervalMs: options.rollouts?.intervalMs,
    });
    const workloads = await deploys.prepare();
    const ports = { takenPorts, storePorts, observerPorts };
    const held = { manifests, autoscalers, data, release, deploys, workloads, ...ports };
    const engine = new LocalEngine(options, held);
    await engine.start();
    return engine;
  } catch (error) {
    release();
    throw error;
  }
}

type Held = {
  manifests: Manifests;
  autoscalers: readonly Autoscaler[];
  data: DataDir;
  release: () => void;
  deploys: Deploys;
  workloads: readonly Templates[];
  takenPorts: Set<number>;
  storePorts: { postgres: number; redis: number };
  /** Undefined where nothing watches. */
  observerPorts: ObserverPorts | undefined;
};

class LocalEngine implements Engine {
  readonly dataDir: string;
  notes: readonly string[] = [];
  readonly #options: EngineOptions;
  readonly #manifests: Manifests;
  readonly #release: () => void;
  readonly #data: DataDir;
  readonly #guard: ProcessGuard;
  readonly #endpoints: Endpoints;
  readonly #secrets: Secrets;
  readonly #stores: LocalStores;
  readonly #mesh: Mesh;
  readonly #observers: Observers | undefined;
  readonly faults: Faults;
  readonly #pods: Pods;
  readonly #deploys: Deploys;
  readonly #autoscaling: Autoscaling;
  #ports: PublicPorts | undefined;
  #control: ControlServer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: EngineOptions, held: Held) {
    const { manifests, data, takenPorts } = held;
    const { clock = systemClock, env = processEnvironment() } = options;
    this.#options = options;
    this.#manifests = manifests;
    this.#release = held.release;
    this.#deploys = held.deploys;
    this.#data = data;
    this.dataDir = data.path;
    this.#guard = new ProcessGuard(data.processesDir);
    this.#endpoints = new Endpoints(clock);
    this.#secrets = new Secrets({ manifests, env, dir: join(data.path, 'secrets') });
    const shared = { clock, guard: this.#guard, secrets: this.#secrets, logsDir: data.logsDir };
    this.#stores = new LocalStores({
      ...shared,
      manifests,
      env,
      dataDir: data.path,
      ports: held.storePorts,
      onChange: (store, reason) => this.#storeChanged(store, reason),
    });
    const root = resolve(options.root);
    const compileCacheDir = chooseCompileCacheDir(data.path);
    if (held.observerPorts !== undefined) {
      this.#observers = new Observers({
        ...shared,
        env,
        dataDir: data.path,
        compileCacheDir,
        controlSocket: data.controlSocket,
        ports: held.observerPorts,
        onChange: (store, reason) => this.#storeChanged(store, reason),
        onProblem: (reason) => this.#tellProblem('prometheus', reason),
      });
    }
    const otlpUrl = this.#observers?.otlpUrl;
    const podEnv = otlpUrl === undefined ? env : { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl };
    this.#mesh = new Mesh({
      ...shared,
      root,
      dir: join(data.path, 'mesh'),
      runtimeDir: data.runtimeDir,
      compileCacheDir,
      manifests,
      env: podEnv,
      takenPorts,
      storePorts: () => this.#stores.ports,
      routesDir: held.deploys.routes.dir,
      onProblem: ({ message }) => this.#tellProblem('mesh', message),
    });
    this.#pods = new Pods({
      ...shared,
      workloads: held.workloads,
      endpoints: this.#endpoints,
      joinMesh: (pod, how) => this.#mesh.join(pod, how),
      takenPorts,
      onChange: (pod, reason) => this.#podChanged(pod, reason),
      around: {
        ...data,
        root,
        baseTrees: held.deploys.baseTrees,
        compileCacheDir,
        configMaps: manifests.configMaps,
        secret: (name, key) => this.#secrets.lookup(name, key),
        env: podEnv,
      },
    });
    this.faults = new Faults(() => this.#mesh.control, this.#pods);
    this.#autoscaling = this.#followAutoscalers(held.autoscalers);
  }

  async start(): Promise<void> {
    try {
      this.#ports = await openPublicPorts({
        services: this.#manifests.services,
        endpoints: this.#endpoints,
        host: this.#options.host ?? '127.0.0.1',
        ports: this.#options.ports ?? 'fixed',
      });
      this.#control = await serveControl(this.#data.controlSocket, {
        engine: this,
        clock: this.#options.clock ?? systemClock,
        requestStop: () => (this.#options.onStopRequest ?? ((engine) => void engine.stop()))(this),
      });
      const { signal } = this.#options;
      const untilAborted = new Promise<never>((_, reject) => {
        if (signal?.aborted) reject(new EngineError('start: given up'));
        signal?.addEventListener('abort', () => reject(new EngineError('start: given up')));
      });
      await Promise.race([this.#startAll(), untilAborted]);
    } catch (error) {
      const report = await explainFailure(error, this.#data.logsDir);
      await this.stop();
      throw report;
    }
  }

  async #startAll(): Promise<void> {
    await this.#mesh.start();
    await this.#observers?.show([]);
    const observing = this.#observers?.start();
    await Promise.all([this.#stores.start(), this.#pods.start()]);
    await this.#pods.untilReady(undefined, this.#options.signal);
    this.#followRollouts();
    if (this.#options.autoscale === true) this.#autoscaling.start();
    await observing;
    const notes = await expandNotes(this.#manifests.services, this.#secrets);
    this.notes = [...notes, ...this.#deploys.notes, ...(this.#observers?.notes ?? [])];
  }

  #followAutoscalers(autoscalers: readonly Autoscaler[]): Autoscaling {
    return followPods({
      autoscalers,
      pods: this.#pods,
      clock: this.#options.clock ?? systemClock,
      metrics: () => this.#metrics,
      onScale: (service, detail) => this.#observers?.noteChange({ kind: 'scale', service, detail }),
      onProblem: (service, reason) => this.#tellProblem(service, reason),
    });
  }

  get #metrics(): MetricSource {
    const url = this.#observers?.prometheusUrl;
    const { clock = systemClock } = this.#options;
    return url === undefined ? noMetrics : prometheus({ url, clock, fetch });
  }

  #followRollouts(): void {
    this.#deploys.start({
      pods: this.#pods,
      followRoutes: () => this.#mesh.follow(),
      metrics: this.#metrics,
      noteChange: (change) => this.#observers?.noteChange(change),
      onEvent: (component, state, reason) => this.#emit({ component, state, reason }),
      explain: (error) => explainFailure(error, this.#data.logsDir),
    });
  }

  deploy(request: DeployRequest): Promise<DeployReply> {
    return this.#deploys.deploy(request);
  }

  releases(service?: string): ReturnType<Deploys['releases']> {
    return this.#deploys.releases(service);
  }

  rollout(service: string, request: Request | 'status' = 'status'): ReturnType<Deploys['rollout']> {
    return this.#deploys.rollout(service, request);
  }

  reports(service: string): ReturnType<Deploys['reports']> {
    return this.#deploys.reports(service);
  }

  rollouts(): ReturnType<Deploys['rollouts']> {
    return this.#deploys.rollouts();
  }

  manifests(service: string): Promise<ManifestText[]> {
    return manifestTexts(this.#options.root, service);
  }

  meshReport<V extends MeshView>(view: V): MeshReports[V] {
    const { control } = this.#mesh;
    const reports: { [View in MeshView]: () => MeshReports[View] } = {
      routes: () => control.routes(),
      policy: () => control.policy(),
      identity: () => control.identity(),
    };
    return reports[view]();
  }

  get links(): Readonly<Record<string, string>> {
    return { ...this.#ports?.links, ...this.#observers?.links };
  }

  /** All that is supervised besides pods. */
  get #servers(): readonly Store[] {
    return [...this.#stores.all, ...(this.#observers?.all ?? [])];
  }

  storeUrls(): { postgres?: string; redis?: string } {
    return Object.fromEntries(
      this.#stores.all.flatMap(({ name, server }) => (server ? [[name, server.url]] : [])),
    );
  }

  status({ secrets = false }: { secrets?: boolean } = {}): Status {
    return {
      services: this.#pods.workloads.map((workload) => this.#describe(workload)),
      stores: this.#servers.map((store) => describeStore(store, { secrets })),
      links: { ...this.links },
    };
  }

  instances(service: string): ServiceStatus['instances'] {
    return this.#describe(this.#pods.find(service)).instances;
  }

  #describe(workload: Workload): ServiceStatus {
    const { service } = workload;
    const autoscaler = this.#autoscaling.statusOf(service) ?? null;
    return { ...describeService(workload, this.#deploys.part(service)), autoscaler };
  }

  async autoscale(on?: boolean): Promise<Status> {
    if (on === true) this.#autoscaling.start();
    if (on === false) await this.#autoscaling.stop();
    return this.status();
  }

  async scale(service: string, count: number): Promise<ServiceStatus> {
    const workload = this.#pods.find(service);
    const { serving } = workload;
    if (!Number.isInteger(count) || count < 0 || count > 50) {
      throw new EngineError(`scale ${service}: expected a number from 0 to 50, not ${count}`);
    }
    const detail = `from ${serving.desired} to ${count} instances`;
    this.#observers?.noteChange({ kind: 'scale', service, detail });
    await this.#pods.scale(serving, count).catch(explaining(this.#data.logsDir));
    return this.#describe(workload);
  }

  async restart(target: string, options: RestartOptions = {}): Promise<void> {
    const { now = false, env = {} } = options;
    const store = this.#servers.find(({ name }) => name === target);
    if (store) return store.restart({ now });
    const pods = this.#pods.select(target);
    for (const pod of pods) {
      const { name: instance, deployment } = pod;
      const detail = now ? 'killed and started again' : 'ended and started again';
      this.#observers?.noteChange({
        kind: 'restart',
        service: deployment.service,
        instance,
        detail,
      });
      await pod.restart({ now, env });
      await this.#pods.untilReady(this.#pods.find(deployment.service).replicas);
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#emit({ component: 'engine', state: 'Stopping' });
    this.#control?.refuse();
    await this.#autoscaling.stop();
    await this.#deploys.stop();
    await this.#pods.stop();
    await this.#observers?.stop();
    await this.#ports?.stop();
    await this.#mesh.stop();
    await this.#stores.stop();
    await this.#control?.stop();
    this.#guard.close();
    await closeDataDir(this.#data);
    this.#release();
    this.#emit({ component: 'engine', state: 'Stopped' });
  }

  #podChanged(pod: Pod, reason?: string): void {
    if (pod.ready) this.faults.becameReady(pod);
    this.#deploys.podChanged(pod);
    void this.#observers?.show(this.#pods.all);
    const state = pod.state === 'Running' ? (pod.ready ? 'Ready' : 'Unready') : pod.state;
    this.#observers?.noteChange(changeOf(pod, reason));
    this.#emit({ component: pod.name, state, ...(reason && { reason }) });
  }

  #storeChanged(store: Store, reason?: string): void {
    const state = store.ready ? 'Ready' : reason === undefined ? 'Starting' : 'Restarting';
    this.#emit({ component: store.name, state, ...(reason && { reason }) });
  }

  #tellProblem(component: string, reason: string): void {
    this.#emit({ component, state: 'Problem', reason });
  }

  #emit(event: EngineEvent): void {
    this.#options.onEvent?.(event);
  }
}
