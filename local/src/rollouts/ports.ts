import type { MetricSource } from './prometheus.ts';
import type { RolloutReport } from './report.ts';
import type { Webhook } from './schema.ts';
import type { Action, HookAnswer, Observed, Phase, RolloutState, TickResult } from './state.ts';

/** What outlives the engine. */
export type SavedRollout = {
  state: RolloutState;
  /** Of the rollout that runs, or of the last one. */
  report: RolloutReport | null;
  /** What the callers' counters said when it began. */
  requestsBefore: number | null;
};

/** What is the case, and which versions that is about. */
export type Seen = Observed & { version: string; primaryVersion: string | null };

type HookCall = { phase: Phase; state: RolloutState; signal: AbortSignal };

/** The engine, as a rollout sees it. */
export type RolloutPorts = {
  observe(): Promise<Seen>;
  /** Done when it is done; doing it again does no harm. */
  perform(action: Action): Promise<void>;
  metrics: MetricSource;
  callHook(hook: Webhook, about: HookCall): Promise<HookAnswer>;
  load(): Promise<SavedRollout | undefined>;
  save(saved: SavedRollout): Promise<void>;
  /** After each tick at which something happened. */
  onTick?(result: TickResult, report: RolloutReport | null): void;
};
