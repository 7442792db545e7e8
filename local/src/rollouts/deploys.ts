import { join } from 'node:path';
import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../engine-error.ts';
import type { Deployment, Manifests } from '../manifests/model.ts';
import type { Change } from '../observers/change.ts';
import type { Pod } from '../pods/pod.ts';
import type { Pods } from '../pods/pods.ts';
import type { Templates, Workload } from '../pods/workload.ts';
import { describeService, type RolloutPart, type ServiceStatus } from '../status.ts';
import { type Canary, progressDeadlineMsOf } from './canary.ts';
import { CanaryRoutes } from './canary-routes.ts';
import type { Request } from './commands.ts';
import { Deployed } from './deployed.ts';
import { RolloutFiles } from './files.ts';
import type { MetricSource } from './prometheus.ts';
import { recordBase } from './releases/base.ts';
import type { Running } from './releases/checks.ts';
import type { Release } from './releases/release.ts';
import type { ReleaseSource } from './releases/source.ts';
import { ReleaseStore, type StoredRelease } from './releases/store.ts';
import type { RolloutReport } from './report.ts';
import { Rollout, type RolloutStatus } from './rollout.ts';
import { primaryTemplate, releaseTemplate } from './templates.ts';

export type DeployRequest = {
  service: string;
  /** Of the new release; without a source, a patch and settings: of a release to go back to. */
  version?: string | undefined;
  /** Default: the working tree. */
  source?: ReleaseSource | undefined;
  patch?: { name: string; text: string } | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  /** Default: `canary` where the service has a Canary. */
  strategy?: 'canary' | 'rolling' | undefined;
  skip?: Release['skipped'] | undefined;
};

export type DeployReply = {
  release: Release;
  strategy: 'canary' | 'rolling';
  service: ServiceStatus;
  /** Null without a Canary. */
  rollout: RolloutStatus | null;
};

/** `runs`: what a release's pods are there for now. */
export type ListedRelease = Release & { runs: ('primary' | 'canary')[] };

export type DeploysOptions = {
  root: string;
  /** The system's state directory. */
  dataDir: string;
  manifests: Manifests;
  canaries: readonly Canary[];
  clock: Clock;
  strict: boolean;
  /** Between two looks at a rollout; default: as each Canary says. */
  intervalMs: number | undefined;
};

/** The parts of the engine that deploys act on. */
export type DeploysSurroundings = {
  pods: Pods;
  /** Lets the mesh read its manifests again; resolves when every proxy has them. */
  followRoutes(): Promise<void>;
  metrics: MetricSource;
  noteChange(change: Change): void;
  onEvent(service: string, state: string, reason: string): void;
  /** An error with what a pod wrote last, where a pod is what failed. */
  explain(error: unknown): Promise<unknown>;
};

/** Releases of all services, and how one takes the place of another. */
export class Deploys {
  readonly routes: CanaryRoutes;
  readonly baseTrees = new Map<string, string>();
  readonly #options: DeploysOptions;
  readonly #store: ReleaseStore;
  readonly #deployed: Deployed;
  readonly #stopping = new AbortController();
  #around: DeploysSurroundings | undefined;
  #rollouts: readonly Rollout[] = [];
  #running: readonly Promise<void>[] = [];
  #base: Promise<void> = Promise.resolve();

  constructor(options: DeploysOptions) {
    const { dataDir, root, clock } = options;
    this.#options = options;
    this.routes = new CanaryRoutes(join(dataDir, 'mesh', 'routes'));
    this.#store = new ReleaseStore({ root, dir: this.#releasesDir, clock });
    this.#deployed = new Deployed(join(dataDir, 'rollouts', 'deployed.json'));
  }

  /** What pods are to be started from; the routes are as between rollouts. */
  async prepare(): Promise<Templates[]> {
    const { canaries, manifests } = this.#options;
    await Promise.all([this.routes.reset(canaries), this.#deployed.read()]);
    return Promise.all(
      manifests.deployments.map(async (deployment) => {
        const { serving, target } = this.#deployed.of(deployment.name);
        const hasCanary = canaries.some((canary) => canary.target === deployment.name);
        const served = await this.#templateOf(deployment, serving);
        if (!hasCanary) return { target: served };
        const wanted = await this.#templateOf(deployment, target);
        return { target: wanted, primary: primaryTemplate(served) };
      }),
    );
  }

  /** What runs from a release that an earlier run was given, for the people who start the system. */
  get notes(): string[] {
    return this.#options.manifests.deployments.flatMap(({ name, version }) => {
      const { serving = version } = this.#deployed.of(name);
      const again = `faultline deploy ${name} takes the working tree`;
      return serving === version ? [] : [`${name} runs ${serving} as deployed; ${again}`];
    });
  }

  /** A release that is gone leaves what the manifest says. */
  async #templateOf(manifest: Deployment, version: string | undefined): Promise<Deployment> {
    const deployment = this.#manifestOf(manifest.name);
    if (version === undefined || version === deployment.version) return deployment;
    const stored = await this.#store.find(deployment.name, version).catch(() => undefined);
    return stored === undefined ? deployment : releaseTemplate(deployment, stored);
  }

  /** Once all pods are ready: follows the rollouts, and keeps what the system has started with. */
  start(around: DeploysSurroundings): void {
    this.#around = around;
    const tell = (what: string) => (error: unknown) => {
      around.onEvent(what, 'Problem', error instanceof Error ? error.message : String(error));
    };
    const { canaries, clock, strict, intervalMs, dataDir } = this.#options;
    const dir = join(dataDir, 'rollouts');
    this.#rollouts = canaries.flatMap((canary) => {
      const workload = around.pods.find(canary.target);
      const { primary, service } = workload;
      if (primary === undefined) return [];
      const rollout = new Rollout({
        canary,
        workload,
        primary,
        routes: this.routes,
        follow: around.followRoutes,
        metrics: around.metrics,
        files: new RolloutFiles({ dir, name: canary.name, onUnreadable: tell(service) }),
        clock,
        strict,
        intervalMs,
        onPromoted: (version) => this.#deployed.set(service, { serving: version }),
        noteChange: around.noteChange,
        onEvent: (phase, message) => around.onEvent(service, phase, message),
        signal: this.#stopping.signal,
      });
      return [rollout];
    });
    this.#running = this.#rollouts.map((rollout) =>
      rollout.run().catch(tell(rollout.canary.target)),
    );
    this.#base = this.#recordBase();
    this.#base.catch(tell('releases'));
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new EngineError('the engine stops'));
    await Promise.all(this.#running);
    // What was wrong with it has been told.
    await Promise.allSettled([this.#base]);
  }

  part(service: string): RolloutPart {
    const rollout = this.#rolloutOf(service);
    return { weights: rollout?.weights ?? null, phase: rollout?.phase ?? null };
  }

  podChanged(pod: Pod): void {
    this.#rolloutOf(pod.deployment.service)?.podChanged(pod);
  }

  /**
   * Makes a release, or takes one that is there, and lets it take the place of what runs. Resolves
   * when a rolling update is over, and when a canary has been seen.
   */
  async deploy(request: DeployRequest): Promise<DeployReply> {
    const { pods, noteChange } = this.#use();
    const workload = pods.find(request.service);
    const { service, folder } = workload.target.deployment;
    if (folder !== service) {
      throw new EngineError(`deploy ${service}: its code is that of ${folder}; deploy that`);
    }
    const stored = await this.#takeRelease(workload, request);
    const rollout = this.#rolloutOf(service);
    const strategy = request.strategy ?? (rollout === undefined ? 'rolling' : 'canary');
    if (strategy === 'canary' && rollout === undefined) {
      throw new EngineError(`deploy ${service}: it has no Canary; expected --strategy rolling`);
    }
    const template = releaseTemplate(this.#manifestOf(service), stored);
    const { version, source } = stored.release;
    const detail = `${version} from ${source.kind}, ${strategy}, after ${workload.serving.deployment.version}`;
    noteChange({ kind: 'deploy', service, version, detail });
    if (strategy === 'canary' && rollout) await this.#try(workload, { rollout, template });
    else await this.#roll(workload, { rollout, template });
    return {
      release: stored.release,
      strategy,
      service: describeService(workload, this.part(service)),
      rollout: rollout?.status ?? null,
    };
  }

  /** Newest first; of one service, or of all. */
  async releases(service?: string): Promise<ListedRelease[]> {
    await this.#base;
    const { pods } = this.#use();
    const workloads = service === undefined ? pods.workloads : [pods.find(service)];
    const lists = await Promise.all(
      workloads.map(async (workload) => {
        const all = await this.#store.list(workload.service);
        return all.map((release) => ({ ...release, runs: rolesOf(release, workload) }));
      }),
    );
    return lists.flat().toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  rollouts(): RolloutStatus[] {
    return this.#rollouts.map(({ status }) => status);
  }

  /** How a service's rollouts went, newest first. Throws where there is no Canary. */
  reports(service: string): Promise<readonly RolloutReport[]> {
    return this.#needRollout(service).reports();
  }

  /** Throws where there is no Canary, or the rollout is in no state for what is asked. */
  async rollout(service: string, request: Request | 'status'): Promise<RolloutStatus> {
    const rollout = this.#needRollout(service);
    if (request !== 'status') await rollout.request(request);
    return rollout.status;
  }

  #needRollout(service: string): Rollout {
    const workload = this.#use().pods.find(service);
    const rollout = this.#rolloutOf(service);
    if (rollout !== undefined) return rollout;
    throw new EngineError(`there is no Canary of ${workload.service} in mesh/canary`);
  }

  /** As a canary: from here on it is the controller's. */
  async #try(
    workload: Workload,
    { rollout, template }: { rollout: Rollout; template: Deployment },
  ): Promise<void> {
    const { service } = workload;
    await rollout.try(template, () => this.#deployed.set(service, { target: template.version }));
  }

  /** Step by step, judged by nothing but whether its pods get ready. */
  async #roll(
    workload: Workload,
    { rollout, template }: { rollout: Rollout | undefined; template: Deployment },
  ): Promise<void> {
    const { service, serving, primary } = workload;
    const { version } = template;
    await rollout?.giveWay();
    const before = serving.deployment;
    const next = primary === undefined ? template : primaryTemplate(template);
    try {
      await serving.roll(next);
    } catch (error) {
      const report = await this.#use().explain(error);
      // Unless another deploy is under way by now.
      if (serving.deployment === next) await serving.roll(before);
      const why = report instanceof Error ? report.message : String(report);
      throw new EngineError(`deploy ${service} ${version}: ${why}`, { cause: error });
    }
    const record = () => this.#deployed.set(service, { serving: version, target: version });
    await (rollout === undefined ? record() : rollout.adopt(template, record));
  }

  async #takeRelease(workload: Workload, request: DeployRequest): Promise<StoredRelease> {
    const { service, serving } = workload;
    const { version, source, patch, env, skip = [] } = request;
    await this.#base;
    const running = await this.#runningNow();
    const { signal } = this.#stopping;
    const isGoingBack = source === undefined && patch === undefined && env === undefined;
    const known =
      isGoingBack && version !== undefined
        ? await this.#store.find(service, version).catch(() => undefined)
        : undefined;
    if (known !== undefined) {
      const next = { service, version: known.release.version, tree: known.tree };
      if (!skip.includes('contracts')) await this.#store.checkContracts(next, running);
      return known;
    }
    const made = await this.#store.create({
      service,
      source: source ?? { kind: 'working-tree' },
      baseVersion: this.#manifestOf(service).version,
      after: serving.deployment.version,
      running,
      skip,
      signal,
      ...(version !== undefined && { version }),
      ...(patch !== undefined && { patch }),
      ...(env !== undefined && { env }),
    });
    const inUse = workload.replicas.map(({ deployment }) => deployment.version);
    const kept = [this.#manifestOf(service).version, made.release.version, ...inUse];
    await this.#store.prune(service, kept);
    return made;
  }

  /** All versions that have pods, and where their code is. */
  async #runningNow(): Promise<Running[]> {
    const { pods } = this.#use();
    const all = pods.workloads.flatMap(({ service, replicas }) =>
      replicas
        .filter(({ desired, deployment }) => desired > 0 && deployment.folder === service)
        .map(({ deployment: { version } }) => ({ service, version })),
    );
    const found = all.map(async ({ service, version }) => {
      const { tree } = await this.#store.find(service, version);
      return { service, version, tree };
    });
    return Promise.all(found);
  }

  async #recordBase(): Promise<void> {
    const { root, clock, manifests } = this.#options;
    const services = manifests.deployments
      .filter(({ name, folder }) => name === folder)
      .map(({ name: service, version }) => ({ service, version }));
    await recordBase({ root, dir: this.#releasesDir, clock, services });
    for (const { service, version } of services) {
      this.baseTrees.set(service, (await this.#store.find(service, version)).tree);
    }
  }

  get #releasesDir(): string {
    return join(this.#options.dataDir, 'releases');
  }

  #manifestOf(service: string): Deployment {
    const { manifests, canaries, strict } = this.#options;
    const found = manifests.deployments.find(({ name }) => name === service);
    if (found === undefined) throw new EngineError(`there is no Deployment ${service}`);
    const canary = canaries.find(({ target }) => target === service);
    if (canary === undefined) return found;
    // Nobody waits at a laptop as long as in a cluster.
    const canaryMs = progressDeadlineMsOf(canary, { strict });
    const progressDeadlineMs = Math.min(found.strategy.progressDeadlineMs, canaryMs);
    return { ...found, strategy: { ...found.strategy, progressDeadlineMs } };
  }

  #rolloutOf(service: string): Rollout | undefined {
    return this.#rollouts.find(({ canary }) => canary.target === service);
  }

  #use(): DeploysSurroundings {
    if (this.#around !== undefined) return this.#around;
    throw new EngineError('the system is still starting');
  }
}

function rolesOf({ version }: Release, { serving, target }: Workload): ListedRelease['runs'] {
  const isPrimary = serving.desired > 0 && serving.deployment.version === version;
  const isCanary =
    target !== serving && target.desired > 0 && target.deployment.version === version;
  return [...(isPrimary ? ['primary' as const] : []), ...(isCanary ? ['canary' as const] : [])];
}
