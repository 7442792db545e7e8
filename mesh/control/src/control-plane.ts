import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@faultline/chassis/clock';
import type { ProxySnapshot } from '@faultline/mesh-core/snapshot';
import { Compilation } from './compile.ts';
import { FaultRegistry, type ListedFault } from './faults/registry.ts';
import type { FaultSpec } from './faults/spec.ts';
import { Identity, type IdentityOptions, type IdentityStatus } from './identity/identity.ts';
import { readYamlFiles } from './manifests/folders.ts';
import { type Loaded, parseMeshManifests } from './manifests/load.ts';
import type { TextFile } from './manifests/read.ts';
import { watchFolders } from './manifests/watch.ts';
import { Proxies, type ProxyStatus } from './proxies.ts';
import { Publisher } from './publisher.ts';
import { policyReport, type PolicyReport, routesReport, type RoutesReport } from './report.ts';
import {
  identityOf,
  type MeshInstance,
  type MeshService,
  type MeshSettings,
  settingsDefault,
  type World,
} from './world.ts';

export type ControlPlaneOptions = {
  /** Where the mesh's keys are kept. */
  dir: string;
  /** Where proxies connect. */
  socketPath: string;
  /** The project, and its folders with the mesh's manifests; files are named from the root. */
  root: string;
  manifestDirs: readonly string[];
  clock: Clock;
  services?: readonly MeshService[];
  settings?: Partial<MeshSettings>;
  identity?: Pick<IdentityOptions, 'leafLifetimeMs' | 'given'>;
  /** Default true; see `LoadOptions`. */
  strict?: boolean;
  /** A changed manifest was refused; what was there before stays in force. */
  onProblem?(error: Error): void;
};

/** Adds what was wrong with the manifests when they were last read. */
type WithProblem<T> = T & { readonly problem: string | undefined };

/**
 * The control plane of one mesh: says to every proxy who it is, where the others are and what is
 * allowed. Whatever changes is told to all of them in one snapshot each. Changes answer the version
 * that has them, for `applied`.
 */
export class ControlPlane {
  readonly faults: {
    /** Throws a `FaultSpecError`. */
    add(spec: FaultSpec): ListedFault;
    list(): ListedFault[];
    /** False when there is none of that id. */
    clear(id: string): boolean;
    clearAll(): void;
  };
  readonly #options: ControlPlaneOptions;
  readonly #settings: MeshSettings;
  readonly #identity: Identity;
  readonly #registry: FaultRegistry;
  readonly #publisher: Publisher;
  readonly #proxies: Proxies;
  readonly #instances = new Map<string, MeshInstance>();
  readonly #ready = new Set<string>();
  #services: readonly MeshService[];
  #files: readonly TextFile[];
  #loaded: Loaded;
  #problem: Error | undefined;
  #compilation: Compilation | undefined;
  #leases = new AbortController();
  #unwatch: (() => void) | undefined;

  /** Use `startControlPlane`. */
  constructor(
    options: ControlPlaneOptions,
    held: { identity: Identity; files: readonly TextFile[]; loaded: Loaded },
  ) {
    const { clock, socketPath } = options;
    this.#options = options;
    this.#settings = { ...settingsDefault, ...options.settings };
    this.#identity = held.identity;
    this.#files = held.files;
    this.#loaded = held.loaded;
    this.#services = options.services ?? [];
    this.#registry = new FaultRegistry(clock, () => this.#world());
    this.#publisher = new Publisher(clock, () => this.#proxies.publish());
    this.#proxies = new Proxies({
      socketPath,
      clock,
      identity: held.identity,
      identityOf: (name) => this.#identityOf(name),
      snapshotFor: (name) => this.#snapshotFor(name),
    });
    this.faults = {
      add: (spec) => this.#afterwards(this.#registry.add(spec)),
      list: () => this.#registry.list(),
      clear: (id) => this.#afterwards(this.#registry.clear(id)),
      clearAll: () => this.#afterwards(this.#registry.clearAll()),
    };
  }

  async start(): Promise<void> {
    await this.#proxies.start();
    const { manifestDirs: dirs, clock } = this.#options;
    this.#unwatch = await watchFolders({ dirs, clock, onChange: () => void this.#reloadQuietly() });
  }

  /** Adds a pod that does not take traffic yet; its proxy shows `token` when it connects. */
  addInstance(instance: MeshInstance): { token: string; version: number } {
    if (this.#instances.has(instance.name)) {
      throw new Error(`add instance ${instance.name}: there is one of that name`);
    }
    this.#instances.set(instance.name, instance);
    return { token: this.#identity.tokens.tokenOf(instance.name), version: this.#changed() };
  }

  /** Says whether a pod takes traffic. Nothing happens when it is not known, or no longer. */
  setReady(name: string, { ready }: { ready: boolean }): number {
    if (!this.#instances.has(name) || this.#ready.has(name) === ready) return this.version;
    if (ready) this.#ready.add(name);
    else this.#ready.delete(name);
    return this.#changed();
  }

  removeInstance(name: string): number {
    this.#ready.delete(name);
    if (!this.#instances.delete(name)) return this.version;
    this.#proxies.disconnect(name);
    return this.#changed();
  }

  setServices(services: readonly MeshService[]): number {
    this.#services = services;
    return this.#changed();
  }

  /** Reads the manifests again. Throws a `ManifestError` and changes nothing when they are wrong. */
  async reload(): Promise<number> {
    try {
      const files = await readManifests(this.#options);
      // Whoever changed them may have asked for this before the watch did.
      if (isDeepStrictEqual(files, this.#files)) return this.version;
      this.#loaded = parse(files, this.#options);
      this.#files = files;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
    return this.#changed();
  }

  get version(): number {
    return this.#publisher.version;
  }

  /** Whether every connected proxy serves `version`; false only when `signal` ends the wait. */
  applied(version: number, signal?: AbortSignal): Promise<boolean> {
    return this.#proxies.applied(version, signal);
  }

  proxies(): ProxyStatus[] {
    return this.#proxies.status();
  }

  routes(): WithProblem<RoutesReport> {
    const report = routesReport(this.#world());
    const read = this.#loaded.warnings.map(
      ({ file, line, path, message }) => `${file}:${line} ${path}: ${message}`,
    );
    return { ...report, warnings: [...read, ...report.warnings], problem: this.#problem?.message };
  }

  policy(): WithProblem<PolicyReport> {
    return { ...policyReport(this.#world()), problem: this.#problem?.message };
  }

  identity(): IdentityStatus & { readonly proxies: readonly ProxyStatus[] } {
    return { ...this.#identity.status(), proxies: this.proxies() };
  }

  /** Changes a part of the chain of trust; every proxy gets a certificate of the new chain. */
  async rotate(step: 'add-anchor' | 'issuer' | 'retire-anchors'): Promise<void> {
    if (step === 'add-anchor') await this.#identity.addAnchor();
    else if (step === 'issuer') await this.#identity.rotateIssuer();
    else await this.#identity.retireAnchors();
    this.#proxies.recertify();
  }

  /** Closes every connection. Proxies go on with what they have. */
  async stop(): Promise<void> {
    this.#leases.abort();
    this.#unwatch?.();
    this.#publisher.stop();
    await this.#proxies.stop();
  }

  async #reloadQuietly(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      this.#options.onProblem?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #changed(): number {
    this.#compilation = undefined;
    return this.#publisher.changed();
  }

  /** Publishes a change of the faults and waits for the next lease to end. */
  #afterwards<T>(result: T): T {
    this.#changed();
    this.#leases.abort();
    this.#leases = new AbortController();
    const { signal } = this.#leases;
    const ends = this.#registry.list().map(({ remainingMs }) => remainingMs);
    if (ends.length === 0) return result;
    void this.#options.clock.sleep(Math.min(...ends), signal).then(() => {
      if (!signal.aborted) this.#afterwards(undefined);
    });
    return result;
  }

  #world(): World {
    return {
      manifests: this.#loaded.manifests,
      services: this.#services,
      instances: [...this.#instances.values()],
      ready: this.#ready,
      faults: this.#registry.active(),
      settings: this.#settings,
    };
  }

  #identityOf(name: string): string | undefined {
    const instance = this.#instances.get(name);
    if (!instance?.meshed) return undefined;
    const { namespace, serviceAccount } = instance;
    return identityOf({ namespace, name: serviceAccount }, this.#settings);
  }

  #snapshotFor(name: string): ProxySnapshot | undefined {
    const instance = this.#instances.get(name);
    // Two snapshots of one version must not differ: one that is due comes when it is complete.
    if (instance === undefined || this.#publisher.isDue) return undefined;
    this.#compilation ??= new Compilation(this.#world());
    return { version: this.version, ...this.#compilation.snapshotFor(instance) };
  }
}

/**
 * Reads keys and manifests and listens for proxies. Throws a `ManifestError` that lists everything
 * that is wrong with the manifests.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { trustDomain } = { ...settingsDefault, ...options.settings };
  const { dir, clock } = options;
  const files = await readManifests(options);
  const loaded = parse(files, options);
  const identity = await Identity.open({
    dir: join(dir, 'identity'),
    clock,
    trustDomain,
    ...options.identity,
  });
  const plane = new ControlPlane(options, { identity, files, loaded });
  await plane.start();
  return plane;
}

function readManifests({ root, manifestDirs }: ControlPlaneOptions): Promise<TextFile[]> {
  return readYamlFiles(root, manifestDirs);
}

function parse(files: readonly TextFile[], { strict }: ControlPlaneOptions): Loaded {
  return parseMeshManifests(files, strict === undefined ? {} : { strict });
}
