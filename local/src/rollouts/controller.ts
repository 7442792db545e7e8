import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../engine-error.ts';
import { type Canary, intervalMsOf, progressDeadlineMsOf } from './canary.ts';
import { afterRestart, isUnderWay, refusal, type Request, undone } from './commands.ts';
import { allToPrimary } from './ledger.ts';
import { tick } from './machine.ts';
import { exposureQuery, judgeMetrics } from './metrics.ts';
import type { RolloutPorts, SavedRollout, Seen } from './ports.ts';
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
  newRollout,
  promoting,
  type Question,
  type RolloutCommand,
  type RolloutEvent,
  type RolloutState,
  type TickResult,
} from './state.ts';
import { TrafficTime } from './traffic.ts';
import type { Verdict } from './verdict.ts';

/** How often it is asked whether a promotion is over. */
const promotionPollMs = 200;
/** A promotion that fails takes one deadline until then, and one for the way back. */
const promotionDeadlines = 2;

type Asked = Exclude<Question, { kind: 'perform' }>;

type Options = {
  canary: Canary;
  ports: RolloutPorts;
  clock: Clock;
  strict: boolean;
  /** Default: as the Canary says. */
  intervalMs?: number | undefined;
  /** Ends it, and does not wait for anybody's answer. */
  signal: AbortSignal;
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
  /** Asked for, and neither done nor impossible yet. */
  #command: RolloutCommand | undefined;
  readonly #intervalMs: number;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();
  readonly #traffic: TrafficTime;
  /** Ends the pause between two looks. */
  #wake = new AbortController();

  constructor({ canary, ports, clock, strict, intervalMs, signal }: Options) {
    this.canary = canary;
    this.#ports = ports;
    this.#clock = clock;
    this.#traffic = new TrafficTime(clock);
    this.#strict = strict;
    this.#signal = signal;
    this.#intervalMs = intervalMs ?? intervalMsOf(canary, { strict });
  }

  get state(): RolloutState {
    return this.#saved.state;
  }

  /** Of the rollout that runs, or of the last one. */
  get report(): RolloutReport | null {
    return this.#saved.report;
  }

  /** Looks until it is to end, beginning where an engine before this one stopped; it never throws. */
  async run(): Promise<void> {
    const signal = this.#signal;
    await this.#alone(() => this.#takeUp()).catch((error: unknown) => {
      this.#warn('take up what an engine before this one left', error);
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

  async #takeUp(): Promise<void> {
    this.#saved = (await this.#ports.load()) ?? this.#saved;
    const result = afterRestart(this.state);
    if (result.actions.length > 0) await this.#attempt(result);
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

  /** Looks at once: something has happened, or is asked for. */
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
      await this.#leave();
      if (!isUnderWay(this.state.phase)) return;
      await this.#attempt(undone(this.state));
    });
  }

  /**
   * Lets `replace` make the target what the primary is by now, and takes that for what has been
   * promoted.
   */
  async adopt(spec: string, replace: () => Promise<void>): Promise<void> {
    const promoted = { lastApplied: spec, lastPromoted: spec };
    await this.#alone(async () => {
      await this.#leave();
      await this.#perform({ kind: 'set-routes', weights: allToPrimary });
      await this.#perform({ kind: 'scale-target', to: 'zero' });
      await replace();
      const state: RolloutState = { ...newRollout, phase: 'Initialized', ...promoted };
      await this.#keep({ ...this.#saved, state });
    });
  }

  /** Nobody asks any more what becomes of the version that is on trial. */
  async #leave(): Promise<void> {
    this.#command = undefined;
    const { report } = this.#saved;
    if (report === null) return;
    await this.#keep({ ...this.#saved, report: replaceReport(report, this.#clock.now()) });
  }

  /**
   * Lets `replace` put a version of this spec in the place of the target's, to be tried; one that was
   * found bad is tried anew. Waits until a promotion is over, since what is promoted has traffic that
   * another version is not to get; throws when that takes too long.
   */
  async change(spec: string, replace: () => Promise<void>): Promise<void> {
    const strict = this.#strict;
    const waitMs = promotionDeadlines * progressDeadlineMsOf(this.canary, { strict });
    const deadlineMs = this.#clock.monotonic() + waitMs;
    while (!(await this.#alone(() => this.#change(spec, replace)))) {
      this.#signal.throwIfAborted();
      if (this.#clock.monotonic() >= deadlineMs) throw this.#isTaken(waitMs);
      await this.#clock.sleep(promotionPollMs, this.#signal);
    }
    this.poke();
  }

  #isTaken(waitedMs: number): EngineError {
    const { target } = this.canary;
    const is = `it is ${this.state.phase} after ${waitedMs / 1_000} s`;
    const hint = 'a deploy with --strategy rolling takes over without analysis';
    return new EngineError(`rollout of ${target}: expected it to be over, but ${is}; ${hint}`);
  }

  /** Answers whether it could be done by now. */
  async #change(spec: string, replace: () => Promise<void>): Promise<boolean> {
    const { spec: present, routes } = await this.#ports.observe();
    const hasTraffic = !('error' in routes) && routes.canary > 0;
    const { phase } = this.state;
    const isStranded = phase === 'Failed' && hasTraffic;
    if (phase === 'Initializing' || promoting.has(phase) || isStranded) return false;
    if (spec !== present) {
      this.#command = undefined;
      if (hasTraffic) await this.#perform({ kind: 'set-routes', weights: allToPrimary });
    }
    await replace();
    if (!isUnderWay(phase)) await this.#forgetVerdict(spec);
    await this.#look();
    return true;
  }

  /** A version is tried although it has been before, unless it is what serves. */
  async #forgetVerdict(spec: string): Promise<void> {
    const lastApplied = spec === this.state.lastPromoted ? spec : null;
    await this.#keep({ ...this.#saved, state: { ...this.state, lastApplied } });
  }

  /** One look; it never throws. */
  look(): Promise<void> {
    return this.#alone(() => this.#look());
  }

  /** One thing after the other: each begins with the state that the one before it has left. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** What is asked for stays so until it is done, or cannot be any more. */
  #dueCommand(): RolloutCommand | undefined {
    const command = this.#command;
    if (command && refusal(this.state, command) !== undefined) this.#command = undefined;
    return this.#command;
  }

  async #look(): Promise<void> {
    const command = this.#dueCommand();
    try {
      await this.#countLate();
      const observed = await this.#ports.observe();
      const { canary, state } = this;
      const strict = this.#strict;
      const looking = tick({ canary, state, observed, strict, ...(command && { command }) });
      await this.#goThrough(looking, observed);
    } catch (error) {
      if (!this.#signal.aborted) this.#warn('look at it', error);
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
    const answer = await this.#ask(question, verdicts);
    // Whoever is not waited for has said nothing, least of all no.
    this.#signal.throwIfAborted();
    return answer;
  }

  async #ask(question: Asked, verdicts: Verdict[]): Promise<Answer> {
    const { canary, state } = this;
    const signal = this.#signal;
    if (question.kind === 'hook') {
      return this.#ports.callHook(question.hook, { phase: question.phase, state, signal });
    }
    const trafficMs = this.#traffic.lastedMs;
    const source = this.#ports.metrics;
    const judging = { canary, source, strict: this.#strict, trafficMs, signal };
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
      for (const action of result.actions) await this.#perform(action);
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

  async #perform(action: Action): Promise<void> {
    await this.#ports.perform(action);
    if (action.kind === 'set-routes') this.#traffic.note(action.weights.canary > 0);
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
    return this.#ports.metrics.query(exposureQuery(this.canary), this.#signal).then(
      (value) => value ?? 0,
      () => null,
    );
  }

  async #keep(saved: SavedRollout): Promise<void> {
    this.#saved = saved;
    await this.#ports.save(saved);
  }

  #warn(what: string, error: unknown): void {
    this.#tell({ state: this.state, actions: [], events: [warning(what, error)] });
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
