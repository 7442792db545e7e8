import type { Canary, Weights } from './canary.ts';
import type { Webhook } from './schema.ts';
import type {
  Action,
  Answer,
  HookAnswer,
  Observed,
  Phase,
  Question,
  RolloutCommand,
  RolloutEvent,
  RolloutState,
  TickResult,
} from './state.ts';

export type TickOptions = {
  canary: Canary;
  state: RolloutState;
  observed: Observed;
  command?: RolloutCommand;
  /**
   * True does as Flagger: a metric without values, or that cannot be asked, is a failed check, and
   * enough of them undo the rollout. False halts and says so: silence is no evidence.
   */
  strict: boolean;
};

export const weightTotal = 100;
export const allToPrimary: Weights = { primary: weightTotal, canary: 0 };
export const allToCanary: Weights = { primary: 0, canary: weightTotal };

/** One tick in the making: what is known, and what has been decided so far. */
export class Ledger {
  readonly canary: Canary;
  readonly observed: Observed;
  readonly strict: boolean;
  readonly command: RolloutCommand | undefined;
  #actions: Action[] = [];
  #events: RolloutEvent[] = [];
  #state: RolloutState;

  constructor({ canary, state, observed, strict, command }: TickOptions) {
    this.canary = canary;
    this.#state = state;
    this.observed = observed;
    this.strict = strict;
    this.command = command;
  }

  get state(): RolloutState {
    return this.#state;
  }

  get result(): TickResult {
    return { state: this.#state, actions: this.#actions, events: this.#events };
  }

  /** The Canary, as events name it. */
  get name(): string {
    return `${this.canary.name}.${this.canary.namespace}`;
  }

  /** Its Deployment, as events name it. */
  get targetName(): string {
    return `${this.canary.target}.${this.canary.namespace}`;
  }

  /**
   * Whether the target has changed to something that is neither running nor has been judged; going
   * back to what the primary runs is no change.
   */
  get hasChanged(): boolean {
    const { lastApplied, lastPromoted } = this.#state;
    if (lastApplied === null) return true;
    return this.observed.spec !== lastPromoted && this.observed.spec !== lastApplied;
  }

  /** Asks the hooks of a type in turn, up to the first that `stops`; that one. */
  *ask(
    type: Webhook['type'],
    { phase, stops }: { phase: Phase; stops(answer: HookAnswer, hook: Webhook): boolean },
  ): Generator<Question, { hook: Webhook; detail: string } | undefined, Answer> {
    for (const hook of this.canary.webhooks.filter((candidate) => candidate.type === type)) {
      const answer = yield { kind: 'hook', hook, phase };
      if (!('ok' in answer)) throw new TypeError(`ask ${hook.name}: expected whether it is ok`);
      if (stops(answer, hook)) return { hook, detail: answer.detail };
    }
    return undefined;
  }

  /** As `ask`, for hooks that stop when they are not ok; the others are told of in `passed`. */
  *askToPass(
    type: Webhook['type'],
    { phase, passed }: { phase: Phase; passed: string },
  ): Generator<Question, { hook: Webhook; detail: string } | undefined, Answer> {
    return yield* this.ask(type, {
      phase,
      stops: ({ ok }, hook) => {
        if (ok) this.say(`${passed} check ${hook.name} passed`);
        return !ok;
      },
    });
  }

  /** Lets everything decided so far be done; what comes now does not hold it up. */
  *perform(): Generator<Question, void, Answer> {
    yield { kind: 'perform', result: this.result };
    this.#actions = [];
    this.#events = [];
  }

  /** A new beginning: counts are zero, and what is there now has been seen. */
  sync({ phase, weight = 0 }: { phase: Phase; weight?: number }): void {
    const fresh = { failedChecks: 0, iterations: 0, paused: false };
    this.set({ ...fresh, phase, weight, lastApplied: this.observed.spec });
  }

  setPhase(phase: Phase): void {
    const keepsCounts = phase === 'Waiting' || phase === 'Promoting';
    this.set({
      phase,
      ...(keepsCounts ? {} : { weight: 0, iterations: 0 }),
      ...(phase === 'Succeeded' && { lastPromoted: this.#state.lastApplied, paused: false }),
    });
  }

  set(changes: Partial<RolloutState>): void {
    this.#state = { ...this.#state, ...changes };
  }

  route(weights: Weights): void {
    this.do({ kind: 'set-routes', weights });
  }

  /** Copies what was judged to the primary. */
  copySpec(): void {
    const { target, namespace } = this.canary;
    this.say(`Copying ${this.targetName} template spec to ${target}-primary.${namespace}`);
    this.do({ kind: 'promote' });
  }

  do(action: Action): void {
    this.#actions.push(action);
  }

  say(message: string): void {
    this.#events.push({ type: 'Normal', message });
  }

  warn(message: string): void {
    this.#events.push({ type: 'Warning', message });
  }

  halt(why: string): void {
    this.warn(`Halt ${this.name} advancement ${why}`);
  }
}
