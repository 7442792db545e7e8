import type { Clock } from '@faultline/chassis/clock';
import { type Canary, intervalMsOf } from './canary.ts';
import { afterRestart, refusal, type Request } from './commands.ts';
import { tick } from './machine.ts';
import { exposureQuery, judgeMetrics } from './metrics.ts';
import type { MetricSource } from './prometheus.ts';
import { openReport, recordTick, replaceReport, type RolloutReport } from './report.ts';
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

/** What outlives the engine. */
export type SavedRollout = {
  state: RolloutState;
  /** Of the rollout that runs, or of the last one. */
  report: RolloutReport | null;
  /** What the callers' counters said when it began. */
  requestsBefore: number | null;
};

/** The engine, as a rollout sees it. */
export type RolloutPorts = {
  observe(): Promise<Observed & { version: string; primaryVersion: string | null }>;
  /** Done when it is done; doing it again does no harm. */
  perform(action: Action): Promise<void>;
  metrics: MetricSource;
  callHook(hook: Webhook, about: { phase: Phase; state: RolloutState }): Promise<HookAnswer>;
  load(): Promise<SavedRollout | undefined>;
  save(saved: SavedRollout): Promise<void>;
  /** After each tick at which something happened. */
  onTick?(result: TickResult, report: RolloutReport | null): void;
};

type Options = { canary: Canary; ports: RolloutPorts; clock: Clock; strict: boolean };

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
  /** Ends the pause between two looks. */
  #wake = new AbortController();

  constructor({ canary, ports, clock, strict }: Options) {
    this.canary = canary;
    this.#ports = ports;
    this.#clock = clock;
    this.#strict = strict;
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
    const result = afterRestart(this.state);
    if (result.actions.length > 0) await this.#attempt(result);
    const intervalMs = intervalMsOf(this.canary, { strict: this.#strict });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await this.look();
      const stop = () => this.#wake.abort();
      signal.addEventListener('abort', stop, { once: true });
      if (!signal.aborted) await this.#clock.sleep(intervalMs, this.#wake.signal);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Looks at once: something has been deployed, or asked for. */
  poke(): void {
    this.#wake.abort();
  }

  /** Throws when the rollout is in no state for it. */
  async request(request: Request): Promise<void> {
    const reason = refusal(this.state, request);
    if (reason !== undefined) throw new Error(`rollout of ${this.canary.target}: ${reason}`);
    if (request === 'promote' || request === 'abort') this.#command = request;
    else {
      const state = { ...this.state, paused: request === 'pause' };
      await this.#keep({ ...this.#saved, state });
    }
    this.poke();
  }

  /** One look; it never throws. */
  async look(): Promise<void> {
    const command = this.#command;
    this.#command = undefined;
    try {
      const observed = await this.#ports.observe();
      const verdicts: Verdict[] = [];
      const { canary, state } = this;
      const strict = this.#strict;
      const looking = tick({ canary, state, observed, strict, ...(command && { command }) });
      let step = looking.next();
      while (!step.done) step = looking.next(await this.#answer(step.value, verdicts));
      await this.#openReport(step.value, observed);
      await this.#attempt(step.value, verdicts);
    } catch (error) {
      this.#tell({ state: this.state, actions: [], events: [warning('look at it', error)] });
    }
  }

  async #answer(question: Question, verdicts: Verdict[]): Promise<Answer> {
    const { canary, state } = this;
    if (question.kind === 'hook') {
      return this.#ports.callHook(question.hook, { phase: question.phase, state });
    }
    const judging = { canary, source: this.#ports.metrics, strict: this.#strict };
    verdicts.push(...(await judgeMetrics(judging)));
    return verdicts;
  }

  /** Does what was decided; on failure the decision does not count. */
  async #attempt(result: TickResult, verdicts: readonly Verdict[] = []): Promise<void> {
    const before = this.state.phase;
    let done = result;
    try {
      for (const action of result.actions) await this.#ports.perform(action);
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
  }

  /** A version that has not been seen before begins a report of its own. */
  async #openReport(
    { state }: TickResult,
    { version, primaryVersion }: { version: string; primaryVersion: string | null },
  ): Promise<void> {
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
