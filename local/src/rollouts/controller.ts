import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../engine-error.ts';
import { type Canary, intervalMsOf } from './canary.ts';
import { afterRestart, isUnderWay, refusal, type Request, undone } from './commands.ts';
import { tick } from './machine.ts';
import { exposureQuery, judgeMetrics } from './metrics.ts';
import type { MetricSource } from './prometheus.ts';
import {
  isCounting,
  openReport,
  recordAfterwards,
  recordTick,
  replaceReport,
  type RolloutReport,
} from './report.ts';
import {
  type Action,
  type Answer,
  type HookAnswer,
  newRollout,
  type Observed,
  type Phase,
  type Question,
  type RolloutCommand,
  type RolloutEvent,
  type RolloutState,
  type TickResult,
} from './state.ts';
import type { Verdict } from './verdict.ts';
import type { Webhook } from './schema.ts';

/** After which time Prometheus knows what the last requests to a version came to. */
const scrapeLagMs = 2_500;

/** What outlives the engine. */
export type SavedRollout = {
  state: RolloutState;
  /** Of the rollout that runs, or of the last one. */
  report: RolloutReport | null;
  /** What the callers' counters said when it began. */
  requestsBefore: number | null;
};

/** What is the case, and which versions that is about. */
type Seen = Observed & { version: string; primaryVersion: string | null };

type Asked = Exclude<Question, { kind: 'perform' }>;

/** The engine, as a rollout sees it. */
export type RolloutPorts = {
  observe(): Promise<Seen>;
  /** Done when it is done; doing it again does no harm. */
  perform(action: Action): Promise<void>;
  metrics: MetricSource;
  callHook(hook: Webhook, about: { phase: Phase; state: RolloutState }): Promise<HookAnswer>;
  load(): Promise<SavedRollout | undefined>;
  save(saved: SavedRollout): Promise<void>;
  /** After each tick at which something happened. */
  onTick?(result: TickResult, report: RolloutReport | null): void;
};

type Options = {
  canary: Canary;
  ports: RolloutPorts;
  clock: Clock;
  strict: boolean;
  /** Default: as the Canary says. */
  intervalMs?: number | undefined;
};

/**
 * Keeps looking at one Canary: asks what the machine wants to know, does what it decides, and only
 * then believes it. An action that fails is tried again at the next look.
 */
export class RolloutController {
  readonly canary: Canary;
  readonly #ports: RolloutPorts;
  readonly #clock: Clock;
  readonly #strict: boolean;
  #saved: SavedRollout = { state: newRollout, report: null, requestsBefore: null };
  #command: RolloutCommand | undefined;
  readonly #intervalMs: number;
  #last: Promise<void> = Promise.resolve();
  /** From when on requests to a canary are the new version's; undefined while it has no share. */
  #trafficSinceMs: number | undefined;
  /** When a version before it got its last ones. */
  #trafficEndedMs = -Infinity;
  /** Ends the pause between two looks. */
  #wake = new AbortController();

  constructor({ canary, ports, clock, strict, intervalMs }: Options) {
    this.canary = canary;
    this.#ports = ports;
    this.#clock = clock;
    this.#strict = strict;
    this.#intervalMs = intervalMs ?? intervalMsOf(canary, { strict });
  }

  get state(): RolloutState {
    return this.#saved.state;
  }

  /** Of the rollout that runs, or of the last one. */
  get report(): RolloutReport | null {
    return this.#saved.report;
  }

  /** Looks until `signal` aborts, beginning where an engine before this one stopped. */
  async run(signal: AbortSignal): Promise<void> {
    this.#saved = (await this.#ports.load()) ?? this.#saved;
    await this.#alone(async () => {
      const result = afterRestart(this.state);
      if (result.actions.length > 0) await this.#attempt(result);
    });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const startedMs = this.#clock.monotonic();
      const { failedChecks } = this.state;
      await this.look();
      if (this.#isLostSince(failedChecks)) continue;
      const stop = () => this.#wake.abort();
      signal.addEventListener('abort', stop, { once: true });
      const restMs = this.#intervalMs - (this.#clock.monotonic() - startedMs);
      if (!signal.aborted) await this.#clock.sleep(Math.max(0, restMs), this.#wake.signal);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Flagger rolls back at the look after the one that failed; nobody need wait for that. */
  #isLostSince(failedBefore: number): boolean {
    const { phase, failedChecks } = this.state;
    const isLost = isUnderWay(phase) && failedChecks >= this.canary.threshold;
    return !this.#strict && isLost && failedChecks > failedBefore;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Looks at once: something has been deployed, or asked for. */
  poke(): void {
    this.#wake.abort();
  }

  /** Throws when the rollout is in no state for it. */
  async request(request: Request): Promise<void> {
    const reason = refusal(this.state, request);
    if (reason !== undefined) throw new EngineError(`rollout of ${this.canary.target}: ${reason}`);
    if (request === 'promote' || request === 'abort') this.#command = request;
    else {
      await this.#alone(() => {
        const state = { ...this.state, paused: request === 'pause' };
        return this.#keep({ ...this.#saved, state });
      });
    }
    this.poke();
  }

  /**
   * Leaves a rollout that is under way: all traffic goes to the primary, the new version's pods end.
   * For a version that is to be taken over without being judged.
   */
  async giveWay(): Promise<void> {
    await this.#alone(async () => {
      const { report } = this.#saved;
      if (report !== null) {
        const replaced = replaceReport(report, this.#clock.now());
        await this.#keep({ ...this.#saved, report: replaced });
      }
      if (!isUnderWay(this.state.phase)) return;
      await this.#attempt(undone(this.state));
    });
  }

  /** Takes what primary and target both are now for what has been promoted. */
  async adopt(spec: string): Promise<void> {
    const state: RolloutState = {
      ...newRollout,
      phase: 'Initialized',
      lastApplied: spec,
      lastPromoted: spec,
    };
    await this.#alone(() => this.#keep({ ...this.#saved, state }));
  }

  /** One look; it never throws. */
  look(): Promise<void> {
    return this.#alone(() => this.#look());
  }

  /** One thing after the other: each begins with the state that the one before it has left. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #look(): Promise<void> {
    const command = this.#command;
    this.#command = undefined;
    try {
      await this.#countLate();
      const observed = await this.#ports.observe();
      const { canary, state } = this;
      const strict = this.#strict;
      const looking = tick({ canary, state, observed, strict, ...(command && { command }) });
      await this.#goThrough(looking, observed);
    } catch (error) {
      this.#tell({ state: this.state, actions: [], events: [warning('look at it', error)] });
    }
  }

  /** Answers what the machine asks, and does what it decides when it is decided. */
  async #goThrough(looking: ReturnType<typeof tick>, observed: Seen): Promise<void> {
    const verdicts: Verdict[] = [];
    let isDone = false;
    let step = looking.next();
    while (!step.done) {
      const { value } = step;
      if (value.kind === 'perform') {
        isDone = await this.#carryOut(value.result, { observed, verdicts });
        if (!isDone) return;
        step = looking.next({ ok: true, detail: 'done' });
      } else step = looking.next(await this.#answer(value, verdicts));
    }
    if (isDone) await this.#addEvents(step.value);
    else await this.#carryOut(step.value, { observed, verdicts });
  }

  async #carryOut(
    result: TickResult,
    { observed, verdicts }: { observed: Seen; verdicts: readonly Verdict[] },
  ): Promise<boolean> {
    await this.#openReport(result, observed);
    return this.#attempt(result, verdicts);
  }

  /** After all has been done: nothing but words is left. */
  async #addEvents({ events }: TickResult): Promise<void> {
    if (events.length === 0) return;
    const { report } = this.#saved;
    const atMs = this.#clock.now();
    const added = report && recordAfterwards(report, { atMs, events });
    await this.#keep({ ...this.#saved, report: added });
    this.#tell({ state: this.state, actions: [], events });
  }

  async #answer(question: Asked, verdicts: Verdict[]): Promise<Answer> {
    const { canary, state } = this;
    if (question.kind === 'hook') {
      return this.#ports.callHook(question.hook, { phase: question.phase, state });
    }
    const sinceMs = this.#trafficSinceMs;
    const trafficMs = sinceMs === undefined ? 0 : Math.max(1, this.#clock.monotonic() - sinceMs);
    const judging = { canary, source: this.#ports.metrics, strict: this.#strict, trafficMs };
    verdicts.push(...(await judgeMetrics(judging)));
    return verdicts;
  }

  async #countLate(): Promise<void> {
    const { report } = this.#saved;
    if (report === null || !isCounting(report, this.#clock.now())) return;
    const requestsMet = Math.max(report.requests_met, (await this.#requestsMet()) ?? 0);
    if (requestsMet === report.requests_met) return;
    await this.#keep({ ...this.#saved, report: { ...report, requests_met: requestsMet } });
  }

  /** Does what was decided; on failure the decision does not count. Answers whether it does. */
  async #attempt(result: TickResult, verdicts: readonly Verdict[] = []): Promise<boolean> {
    const before = this.state.phase;
    let done = result;
    try {
      for (const action of result.actions) {
        await this.#ports.perform(action);
        if (action.kind !== 'set-routes') continue;
        this.#noteTraffic(action.weights.canary > 0);
      }
    } catch (error) {
      const events = [...result.events, warning('do what was decided', error)];
      done = { state: this.state, actions: [], events };
    }
    const { report } = this.#saved;
    const requestsMet = report?.ended_at === null ? await this.#requestsMet() : undefined;
    const atMs = this.#clock.now();
    await this.#keep({
      ...this.#saved,
      state: done.state,
      report: report && recordTick(report, { atMs, before, result: done, verdicts, requestsMet }),
    });
    this.#tell(done);
    return done === result;
  }

  /** What the version before did to callers is scraped a little later, and is not of this one. */
  #noteTraffic(isGiven: boolean): void {
    const nowMs = this.#clock.monotonic();
    if (isGiven) this.#trafficSinceMs ??= Math.max(nowMs, this.#trafficEndedMs + scrapeLagMs);
    if (isGiven || this.#trafficSinceMs === undefined) return;
    this.#trafficSinceMs = undefined;
    this.#trafficEndedMs = nowMs;
  }

  /** A version that has not been seen before begins a report of its own. */
  async #openReport({ state }: TickResult, { version, primaryVersion }: Seen): Promise<void> {
    const { report } = this.#saved;
    const isNew = state.phase === 'Progressing' && state.lastApplied !== this.state.lastApplied;
    if (!isNew) return;
    const atMs = this.#clock.now();
    if (report) await this.#keep({ ...this.#saved, report: replaceReport(report, atMs) });
    const opened = openReport({
      service: this.canary.target,
      fromVersion: primaryVersion,
      toVersion: version,
      atMs,
    });
    this.#saved = { ...this.#saved, report: opened, requestsBefore: await this.#requestsEver() };
  }

  async #requestsMet(): Promise<number | undefined> {
    const now = await this.#requestsEver();
    const { requestsBefore } = this.#saved;
    return now === null ? undefined : Math.max(0, Math.round(now - (requestsBefore ?? 0)));
  }

  /** Null while nobody can tell; a report without this number is better than none. */
  async #requestsEver(): Promise<number | null> {
    return this.#ports.metrics.query(exposureQuery(this.canary)).then(
      (value) => value ?? 0,
      () => null,
    );
  }

  async #keep(saved: SavedRollout): Promise<void> {
    this.#saved = saved;
    await this.#ports.save(saved);
  }

  #tell(result: TickResult): void {
    if (result.events.length === 0 && result.actions.length === 0) return;
    this.#ports.onTick?.(result, this.report);
  }
}

function warning(what: string, error: unknown): RolloutEvent {
  const reason = error instanceof Error ? error.message : String(error);
  return { type: 'Warning', message: `${what}: ${reason}` };
}
