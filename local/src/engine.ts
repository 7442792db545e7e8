import { accessSync, constants, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
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
import { lastLines } from './logs/tail.ts';
import { loadManifests } from './manifests/load.ts';
import type { Manifests } from './manifests/model.ts';
import { applyOverrides } from './manifests/overrides.ts';
import { Endpoints } from './net/endpoints.ts';
import { freePort } from './net/free-port.ts';
import { openPublicPorts, type PublicPorts } from './net/public-ports.ts';
import { Mesh } from './mesh/mesh.ts';
import { expandNotes } from './notes.ts';
import { changeOf } from './observers/change.ts';
import { Observers } from './observers/observers.ts';
import { chooseObserverPorts, type ObserverPorts } from './observers/ports.ts';
import { PodFailure, Pods } from './pods/pods.ts';
import type { Pod } from './pods/pod.ts';
import { ProcessGuard, stopLeftovers } from './process/guard.ts';
import { clearDataDir, closeDataDir, openDataDir, type DataDir } from './state/data-dir.ts';
import { takeLock } from './state/lock.ts';
import { describeService, describeStore, type ServiceStatus, type Status } from './status.ts';
import { LocalStores } from './stores/local-stores.ts';
import { Secrets } from './stores/secrets.ts';
import type { Store } from './stores/store.ts';

/** Starts everything the manifests describe; resolves when all of it is ready. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const manifests = await readManifests(options);
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
    const held = { manifests, data, release, takenPorts, storePorts, observerPorts };
    const engine = new LocalEngine(options, held);
    await engine.start();
    return engine;
  } catch (error) {
    release();
    throw error;
  }
}

async function readManifests(options: EngineOptions): Promise<Manifests> {
  const manifests = await loadManifests(resolve(options.root));
  return { ...manifests, configMaps: applyOverrides(manifests.configMaps, options.set ?? []) };
}

type Held = {
  manifests: Manifests;
  data: DataDir;
  release: () => void;
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
  #ports: PublicPorts | undefined;
  #control: ControlServer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: EngineOptions, held: Held) {
    const { manifests, data } = held;
    const { clock = systemClock, env = processEnvironment() } = options;
    this.#options = options;
    this.#manifests = manifests;
    this.#release = held.release;
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
    const { takenPorts } = held;
    if (held.observerPorts !== undefined) {
      this.#observers = new Observers({
        ...shared,
        env,
        dataDir: data.path,
        compileCacheDir,
        ports: held.observerPorts,
        onChange: (store, reason) => this.#storeChanged(store, reason),
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
      onProblem: (error) => {
        this.#emit({ component: 'mesh', state: 'Problem', reason: error.message });
      },
    });
    this.#pods = new Pods({
      ...shared,
      deployments: manifests.deployments,
      endpoints: this.#endpoints,
      joinMesh: (pod, how) => this.#mesh.join(pod, how),
      takenPorts,
      onChange: (pod, reason) => this.#podChanged(pod, reason),
      around: {
        root,
        runtimeDir: data.runtimeDir,
        scratchDir: data.scratchDir,
        volumesDir: data.volumesDir,
        compileCacheDir,
        configMaps: manifests.configMaps,
        secret: (name, key) => this.#secrets.lookup(name, key),
        env: podEnv,
      },
    });
    this.faults = new Faults(() => this.#mesh.control, this.#pods);
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
        requestStop: () => (this.#options.onStopRequest ?? ((engine) => void engine.stop()))(this),
      });
      const { signal } = this.#options;
      const untilAborted = new Promise<never>((_, reject) => {
        if (signal?.aborted) reject(new EngineError('start: given up'));
        signal?.addEventListener('abort', () => reject(new EngineError('start: given up')));
      });
      await Promise.race([this.#startAll(), untilAborted]);
    } catch (error) {
      const report = await explain(error, this.#data.logsDir);
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
    await observing;
    const notes = await expandNotes(this.#manifests.services, this.#secrets);
    this.notes = [...notes, ...(this.#observers?.notes ?? [])];
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
      services: this.#pods.all.map(describeService),
      stores: this.#servers.map((store) => describeStore(store, { secrets })),
      links: { ...this.links },
    };
  }

  instances(service: string): ServiceStatus['instances'] {
    return describeService(this.#pods.find(service)).instances;
  }

  async scale(service: string, count: number): Promise<ServiceStatus> {
    const replicas = this.#pods.find(service);
    if (!Number.isInteger(count) || count < 0 || count > 50) {
      throw new EngineError(`scale ${service}: expected a number from 0 to 50, not ${count}`);
    }
    const detail = `from ${replicas.desired} to ${count} instances`;
    this.#observers?.noteChange({ kind: 'scale', service, detail });
    await replicas.scale(count);
    await this.#pods.untilReady([replicas]);
    return describeService(replicas);
  }

  async restart(target: string, options: RestartOptions = {}): Promise<void> {
    const { now = false, env = {} } = options;
    const store = this.#servers.find(({ name }) => name === target);
    if (store) return store.restart({ now });
    const pods = this.#pods.select(target);
    for (const pod of pods) {
      const { name: instance, deployment } = pod;
      const detail = now ? 'killed and started again' : 'ended and started again';
      this.#observers?.noteChange({ kind: 'restart', service: deployment.name, instance, detail });
      await pod.restart({ now, env });
      await this.#pods.untilReady([this.#pods.find(pod.deployment.name)]);
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#emit({ component: 'engine', state: 'Stopping' });
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
    void this.#observers?.show(this.#pods.all.flatMap(({ pods }) => pods));
    const state = pod.state === 'Running' ? (pod.ready ? 'Ready' : 'Unready') : pod.state;
    this.#observers?.noteChange(changeOf(pod, reason));
    this.#emit({ component: pod.name, state, ...(reason && { reason }) });
  }

  #storeChanged(store: Store, reason?: string): void {
    const state = store.ready ? 'Ready' : reason === undefined ? 'Starting' : 'Restarting';
    this.#emit({ component: store.name, state, ...(reason && { reason }) });
  }

  #emit(event: EngineEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** Compiled code is shared by all systems of a checkout, where the checkout can be written. */
function chooseCompileCacheDir(dataDir: string): string {
  const shared = fileURLToPath(new URL('../../node_modules/.cache/faultline', import.meta.url));
  try {
    mkdirSync(shared, { recursive: true });
    accessSync(shared, constants.W_OK);
    return shared;
  } catch {
    return join(dataDir, 'compile-cache');
  }
}

/** A pod's failure with the last lines it wrote. */
async function explain(error: unknown, logsDir: string): Promise<unknown> {
  if (!(error instanceof PodFailure)) return error;
  const { deployment, name, restarts, sidecarRestarts } = error.pod;
  const file = restarts >= sidecarRestarts ? `${name}.log` : `${name}.proxy.log`;
  const path = join(logsDir, deployment.name, file);
  const lines = await lastLines(path, 20);
  return new Error([error.message, ...lines, `(from ${path})`].join('\n'), { cause: error });
}
