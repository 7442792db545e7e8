import type { Clock } from '@faultline/chassis/clock';
import type { Deployment } from '../manifests/model.ts';
import type { Change } from '../observers/change.ts';
import type { Pod } from '../pods/pod.ts';
import type { Replicas } from '../pods/replicas.ts';
import type { Workload } from '../pods/workload.ts';
import { type Canary, progressDeadlineMsOf, type Weights } from './canary.ts';
import type { CanaryRoutes } from './canary-routes.ts';
import { isUnderWay, type Request } from './commands.ts';
import { RolloutController } from './controller.ts';
import { type RolloutFiles, withLatest } from './files.ts';
import type { RolloutPorts, SavedRollout, Seen } from './ports.ts';
import type { MetricSource } from './prometheus.ts';
import { readinessOf } from './readiness.ts';
import type { RolloutReport } from './report.ts';
import { type Action, newRollout, type Phase, type Readiness, type TickResult } from './state.ts';
import { primaryTemplate, specOf } from './templates.ts';
import { callHook, tellEvent } from './webhook.ts';

/** What `faultline rollout … --json` answers. */
export type RolloutStatus = {
  service: string;
  phase: Phase;
  /** The new version's share of calls, in per cent, as the phase has it and as the route says. */
  weight: number;
  weights: Weights;
  failed_checks: number;
  threshold: number;
  iterations: number;
  paused: boolean;
  interval_ms: number;
  primary: VersionStatus;
  /** Null between rollouts. */
  canary: VersionStatus | null;
  /** What happened last. */
  message: string | null;
  /** Of the rollout that runs, or of the last one. */
  report: RolloutReport | null;
};

type VersionStatus = { version: string; replicas: number; ready: number };

export type RolloutOptions = {
  canary: Canary;
  workload: Workload;
  primary: Replicas;
  routes: Pick<CanaryRoutes, 'set' | 'weightsOf'>;
  /** Lets the mesh read the routes; resolves when every proxy has them. */
  follow(): Promise<void>;
  metrics: MetricSource;
  /** Where what outlives the engine is kept. */
  files: Pick<RolloutFiles, 'load' | 'save' | 'reports'>;
  clock: Clock;
  /** Exactly as Flagger, at its pace; see `TickOptions`. */
  strict: boolean;
  intervalMs: number | undefined;
  /** A version serves now. */
  onPromoted(version: string): Promise<void>;
  noteChange(change: Change): void;
  /** What happened, for people. */
  onEvent(phase: Phase, message: string): void;
  /** Ends it. */
  signal: AbortSignal;
};

/** The rollouts of one service: a Canary's controller over the pods, the mesh and Prometheus. */
export class Rollout {
  readonly canary: Canary;
  readonly #options: RolloutOptions;
  readonly #controller: RolloutController;
  #message: string | null = null;
  #lastMessages: readonly string[] = [];
  #phase: Phase = 'Initializing';
  /** What is the target's at the time of a look. */
  #observed: Deployment | undefined;
  /** What the primary had before the last promotion. */
  #former: Deployment | undefined;

  constructor(options: RolloutOptions) {
    this.#options = options;
    this.canary = options.canary;
    this.#controller = new RolloutController({ ...options, ports: this.#ports() });
  }

  /** Looks until it is to end. */
  run(): Promise<void> {
    return this.#controller.run();
  }

  get phase(): Phase {
    return this.#controller.state.phase;
  }

  get weights(): Weights {
    return this.#options.routes.weightsOf(this.canary);
  }

  get isUnderWay(): boolean {
    return isUnderWay(this.phase);
  }

  get status(): RolloutStatus {
    const { workload, primary } = this.#options;
    const { state, report, intervalMs } = this.#controller;
    return {
      service: workload.service,
      phase: state.phase,
      weight: state.weight,
      weights: this.weights,
      failed_checks: state.failedChecks,
      threshold: this.canary.threshold,
      iterations: state.iterations,
      paused: state.paused,
      interval_ms: intervalMs,
      primary: versionStatus(primary),
      canary: workload.target.desired === 0 ? null : versionStatus(workload.target),
      message: this.#message,
      report,
    };
  }

  /** Tries another version, once nothing is being promoted. `record` notes that it is to be. */
  async try(template: Deployment, record: () => Promise<void>): Promise<void> {
    await this.#controller.change(specOf(template), () => this.#replace(template, record));
  }

  request(request: Request): Promise<void> {
    return this.#controller.request(request);
  }

  /** See `RolloutController`. */
  async giveWay(): Promise<void> {
    await this.#controller.giveWay();
  }

  /** The primary has been made what `template` says: that is what serves. */
  async adopt(template: Deployment, record: () => Promise<void>): Promise<void> {
    await this.#controller.adopt(specOf(template), () => this.#replace(template, record));
  }

  async #replace(template: Deployment, record: () => Promise<void>): Promise<void> {
    await record();
    this.#options.workload.target.replace(template);
  }

  /** A pod that the rollout waits for may have come: there is no need to wait for the next look. */
  podChanged(pod: Pod): void {
    const { phase, weight, iterations } = this.#controller.state;
    const isAwaited =
      phase === 'Promoting' ||
      (phase === 'Failed' && weight > 0) ||
      (phase === 'Progressing' && weight === 0 && iterations === 0);
    if (pod.ready && isAwaited) this.#controller.poke();
  }

  get #spec(): string {
    return specOf(this.#options.workload.target.deployment);
  }

  #ports(): RolloutPorts {
    const { canary, clock, metrics, files } = this.#options;
    return {
      observe: () => Promise.resolve(this.#observe()),
      perform: (action) => this.#perform(action),
      metrics,
      callHook: (hook, { phase, state, signal }) =>
        callHook(hook, { canary, phase, state }, { fetch, clock, signal }),
      load: () => this.#load(),
      save: (saved) => files.save(saved),
      onTick: (result) => this.#tell(result),
    };
  }

  #observe(): Seen {
    const { canary } = this;
    const { workload, primary } = this.#options;
    const { target } = workload;
    this.#observed = target.deployment;
    return {
      spec: this.#spec,
      routes: this.weights,
      primary: this.#readiness(primary, canary.readyThreshold.primary),
      target: this.#readiness(target, canary.readyThreshold.canary),
      targetAvailable: target.status.available,
      version: target.deployment.version,
      primaryVersion: primary.deployment.version,
    };
  }

  #readiness(replicas: Replicas, thresholdPercent: number): Readiness {
    const hopeless = replicas.pods.find(({ isHopeless }) => isHopeless);
    if (hopeless !== undefined && !this.#options.strict) {
      const reason = `${hopeless.name}: ${hopeless.howItEnds}`;
      return { ready: false, retriable: false, reason };
    }
    const { strict } = this.#options;
    const deadlineSeconds = progressDeadlineMsOf(this.canary, { strict }) / 1_000;
    return readinessOf(replicas.status, { deadlineSeconds, thresholdPercent });
  }

  async #perform(action: Action): Promise<void> {
    const { workload } = this.#options;
    switch (action.kind) {
      case 'create-primary':
      case 'take-over':
        // It has been so from the start.
        return undefined;
      case 'set-routes':
        return this.#route(action.weights);
      case 'scale-target': {
        const full = Math.max(1, workload.target.deployment.replicas);
        return this.#inBackground(workload.target.scale(action.to === 'full' ? full : 0));
      }
      case 'promote':
        return this.#promote(this.#observed ?? workload.target.deployment);
      case 'restore-primary':
        return this.#restore();
    }
  }

  #promote(judged: Deployment): void {
    const { primary, onPromoted } = this.#options;
    const { version, templateHash } = judged;
    this.#note('promote', `${version} becomes what serves`);
    // Done again, it is what was judged already.
    if (primary.deployment.templateHash !== templateHash) this.#former = primary.deployment;
    const rolled = primary.roll(primaryTemplate(judged)).then(() => onPromoted(version));
    this.#inBackground(rolled);
  }

  /** What serves is known before its pods are there, should the engine end. */
  async #restore(): Promise<void> {
    const { primary, onPromoted } = this.#options;
    const former = this.#former;
    if (former === undefined || former === primary.deployment) return;
    await onPromoted(former.version);
    this.#inBackground(primary.roll(former));
  }

  /** The next looks tell how it goes. */
  #inBackground(work: Promise<void>): void {
    void work.catch((error: unknown) => {
      if (this.#options.signal.aborted) return;
      this.#say(error instanceof Error ? error.message : String(error));
    });
  }

  async #route(weights: Weights): Promise<void> {
    const { routes, follow } = this.#options;
    if (!(await routes.set(this.canary, weights, follow))) return;
    const { primary, canary } = weights;
    this.#note('weight', `${canary} % to it, ${primary} % to the version before`);
  }

  /** How this service's rollouts went, newest first. */
  async reports(): Promise<readonly RolloutReport[]> {
    const past = await this.#options.files.reports();
    const { report } = this.#controller;
    return report === null ? past : withLatest(past, report);
  }

  /**
   * What an engine before this one knew. Pods have been started anew, as what has been deployed says:
   * that is what counts for versions, unless a rollout was under way. What was deployed and does not
   * serve has been tried.
   */
  async #load(): Promise<SavedRollout | undefined> {
    const saved = await this.#options.files.load();
    // The primary's labels are no part of its spec.
    const lastPromoted = specOf(this.#options.primary.deployment);
    const versions = { lastApplied: this.#spec, lastPromoted };
    if (saved === undefined) {
      if (this.#spec === lastPromoted) return undefined;
      const state = { ...newRollout, ...versions, phase: 'Initialized' } as const;
      return { state, report: null, requestsBefore: null };
    }
    this.#phase = saved.state.phase;
    if (isUnderWay(saved.state.phase)) return saved;
    return { ...saved, state: { ...saved.state, ...versions } };
  }

  #tell({ state, events }: TickResult): void {
    const { canary } = this;
    const { clock, signal } = this.#options;
    const before = this.#lastMessages;
    this.#lastMessages = events.map(({ message }) => message);
    for (const event of events) {
      // What is so since the last look is no news.
      if (!before.includes(event.message)) this.#say(event.message);
      const told = { canary, phase: state.phase, state };
      void tellEvent(event, told, { fetch, clock, signal }).then((failures) => {
        if (signal.aborted) return;
        for (const failure of failures) this.#say(failure);
      });
    }
    const isRolledBack = state.phase === 'Failed' && this.#phase !== 'Failed';
    this.#phase = state.phase;
    if (isRolledBack) this.#note('rollback', this.#message ?? 'it failed');
  }

  #say(message: string): void {
    this.#message = message;
    // That each primary is there is no news to people who start the system.
    if (!['Initializing', 'Initialized'].includes(this.phase)) {
      this.#options.onEvent(this.phase, message);
    }
  }

  #note(kind: 'weight' | 'promote' | 'rollback', detail: string): void {
    const { workload, noteChange } = this.#options;
    const { service, target } = workload;
    noteChange({ kind, service, version: target.deployment.version, detail });
  }
}

function versionStatus(replicas: Replicas): VersionStatus {
  const { desired, available } = replicas.status;
  return { version: replicas.deployment.version, replicas: desired, ready: available };
}
