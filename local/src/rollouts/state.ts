import type { Weights } from './canary.ts';
import type { Webhook } from './schema.ts';
import type { Verdict } from './verdict.ts';

/** Flagger's phases. */
export type Phase =
  | 'Initializing'
  | 'Initialized'
  | 'Waiting'
  | 'Progressing'
  | 'WaitingPromotion'
  | 'Promoting'
  | 'Finalising'
  | 'Succeeded'
  | 'Failed';

/** The new version has been judged, and is on its way to what serves. */
export const promoting: ReadonlySet<Phase> = new Set<Phase>(['Promoting', 'Finalising']);

/** All that is to be remembered of a rollout between two looks at it. Plain data: it outlives the engine. */
export type RolloutState = {
  phase: Phase;
  /** What `status.canaryWeight` would say; the route has the last word. */
  weight: number;
  failedChecks: number;
  iterations: number;
  /** Hash of the target's pod template when it was last looked at. */
  lastApplied: string | null;
  /** Hash of the pod template that the primary has. */
  lastPromoted: string | null;
  /** Judged, but not advanced. */
  paused: boolean;
};

/** A Canary that has just been made. */
export const newRollout: RolloutState = {
  phase: 'Initializing',
  weight: 0,
  failedChecks: 0,
  iterations: 0,
  lastApplied: null,
  lastPromoted: null,
  paused: false,
};

/** Whether a Deployment's pods are there. Not `retriable`: they will not come any more. */
export type Readiness = { ready: true } | { ready: false; retriable: boolean; reason: string };

/** What is the case at a tick. */
export type Observed = {
  /** Hash of the target's pod template and of what it is configured with. */
  spec: string;
  /** The route's weights, or why they cannot be read. */
  routes: Weights | { error: string };
  primary: Readiness;
  target: Readiness;
  /** How many of the target's pods can take traffic: none are asked for, and it counts as ready. */
  targetAvailable: number;
};

/** What a person asks for; `pause` and `resume` change what ticks do, the others act at the next. */
export type RolloutCommand = 'promote' | 'abort';

/** What has to be done, in this order, before the new state counts. All may be done twice. */
export type Action =
  /** Clone the target as its primary. */
  | { kind: 'create-primary' }
  /** Let the apex Service select the primary's pods, and put the HTTPRoute over it. */
  | { kind: 'take-over' }
  | { kind: 'set-routes'; weights: Weights }
  | { kind: 'scale-target'; to: 'zero' | 'full' }
  /** Copy the target's pod template to the primary: a rolling update. */
  | { kind: 'promote' }
  /** Give the primary the template back that it had before the promotion: a rolling update. */
  | { kind: 'restore-primary' };

export type RolloutEvent = { type: 'Normal' | 'Warning'; message: string };

/** What a tick has to know before it can go on. */
export type Question =
  | { kind: 'hook'; hook: Webhook; phase: Phase }
  /** All metrics of the Canary. */
  | { kind: 'metrics' }
  /** To do what has been decided so far before anything else is asked; any answer says that it is done. */
  | { kind: 'perform'; result: TickResult };

export type HookAnswer = { ok: boolean; detail: string };

/** The answer to each kind of question. */
export type Answer<Q extends Question = Question> = Q extends { kind: 'metrics' }
  ? readonly Verdict[]
  : HookAnswer;

export type TickResult = { state: RolloutState; actions: Action[]; events: RolloutEvent[] };
