import type { Canary, Strategy, Weights } from './canary.ts';
import {
  type Action,
  type Answer,
  type HookAnswer,
  newRollout,
  type Observed,
  type Phase,
  type Question,
  type Readiness,
  type RolloutCommand,
  type RolloutEvent,
  type RolloutState,
  type TickResult,
} from './state.ts';
import type { Webhook } from './schema.ts';
import type { Verdict } from './verdict.ts';

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

const total = 100;
const allToPrimary: Weights = { primary: total, canary: 0 };
const allToCanary: Weights = { primary: 0, canary: total };

type Steps = Generator<Question, void, Answer>;

/**
 * One look at a rollout, as Flagger's scheduler takes it: at most one step on. Asks what it has to
 * know as it goes, so that no hook is called that Flagger would not call; returns what is to be done
 * and the state that counts once it has been. Does nothing itself: the same in, the same out.
 */
export function* tick(options: TickOptions): Generator<Question, TickResult, Answer> {
  const look = new Look(options);
  yield* look.advance();
  return look.result;
}

/**
 * A rollout whose controller was away, and whose pods start anew: analysis begins again with all
 * traffic at the primary; a promotion that had begun is finished.
 */
export function afterRestart(state: RolloutState): TickResult {
  const events: RolloutEvent[] = [];
  switch (state.phase) {
    case 'Waiting':
    case 'Progressing':
    case 'WaitingPromotion': {
      const message = 'The engine was restarted: restarting analysis';
      const fresh = { weight: 0, failedChecks: 0, iterations: 0 };
      return {
        state: { ...state, ...fresh, phase: 'Progressing' },
        actions: [
          { kind: 'set-routes', weights: allToPrimary },
          { kind: 'scale-target', to: 'full' },
        ],
        events: [{ type: 'Normal', message }],
      };
    }
    case 'Promoting':
    case 'Finalising':
      return {
        state: { ...state, phase: 'Promoting', weight: 0, iterations: 0 },
        actions: [{ kind: 'promote' }, { kind: 'set-routes', weights: allToPrimary }],
        events: [{ type: 'Normal', message: 'The engine was restarted: finishing promotion' }],
      };
    default:
      return { state, actions: [], events };
  }
}

/** The weight that comes after `weight`, as Flagger adds it; 0 when there is no step. */
export function nextStep(
  { stepWeight, stepWeights }: Extract<Strategy, { kind: 'canary' }>,
  weight: number,
): number {
  if (stepWeight > 0 || stepWeights.length === 0) return stepWeight;
  const left = total - weight;
  // Any step will do: what comes next is the promotion.
  if (left === 0) return 1;
  if (weight === 0) return Math.min(left, stepWeights[0] ?? left);
  const at = stepWeights.indexOf(weight);
  const next = at < 0 ? undefined : stepWeights[at + 1];
  return next === undefined ? left : Math.min(left, next - weight);
}

/** Whether the target has changed to something that is neither running nor has been judged. */
function hasChanged({ lastApplied, lastPromoted }: RolloutState, spec: string): boolean {
  if (lastApplied === null) return true;
  return spec !== lastPromoted && spec !== lastApplied;
}

const underWay = new Set<Phase>([
  'Waiting',
  'Progressing',
  'WaitingPromotion',
  'Promoting',
  'Finalising',
]);
const analysing = new Set<Phase>(['Progressing', 'WaitingPromotion']);
const promoting = new Set<Phase>(['Promoting', 'Finalising']);

/** One tick in the making. Each method is one of Flagger's, in its order. */
class Look {
  readonly #canary: Canary;
  readonly #observed: Observed;
  readonly #strict: boolean;
  readonly #command: RolloutCommand | undefined;
  readonly #actions: Action[] = [];
  readonly #events: RolloutEvent[] = [];
  #state: RolloutState;

  constructor({ canary, state, observed, strict, command }: TickOptions) {
    this.#canary = canary;
    this.#state = state;
    this.#observed = observed;
    this.#strict = strict;
    this.#command = command;
  }

  get result(): TickResult {
    return { state: this.#state, actions: this.#actions, events: this.#events };
  }

  *advance(): Steps {
    const { suspended, skipAnalysis } = this.#canary;
    if (suspended) return this.#say('skipping canary run as object is suspended');
    if (this.#state.phase === 'Initializing' && !this.#initialize()) return undefined;
    if (!underWay.has(this.#state.phase) && !hasChanged(this.#state, this.#observed.spec)) {
      return undefined;
    }
    const { primary } = this.#observed;
    if (!skipAnalysis && !primary.ready) return yield* this.#primaryNotReady(primary);
    const { routes } = this.#observed;
    if ('error' in routes) return this.#warn(routes.error);
    if (!analysing.has(this.#state.phase) && !promoting.has(this.#state.phase)) {
      return yield* this.#begin();
    }
    return yield* this.#goOn(routes);
  }

  /** Whether the primary is there to send traffic to. */
  #initialize(): boolean {
    const { primary, spec } = this.#observed;
    const { name, namespace, skipAnalysis } = this.#canary;
    this.#do({ kind: 'create-primary' });
    if (!primary.ready && !skipAnalysis) {
      this.#warn(primary.reason);
      return false;
    }
    this.#do({ kind: 'take-over' });
    this.#do({ kind: 'scale-target', to: 'zero' });
    this.#route(allToPrimary);
    this.#set({ ...newRollout, phase: 'Initialized', lastApplied: spec, lastPromoted: spec });
    this.#say(`Initialization done! ${name}.${namespace}`);
    return true;
  }

  /**
   * While a promotion is under way the canary is the only copy of the new version that works:
   * traffic goes there instead of to a broken primary.
   */
  *#primaryNotReady({ reason, retriable }: Readiness & { ready: false }): Steps {
    this.#warn(reason);
    if (retriable) return undefined;
    if (!promoting.has(this.#state.phase)) return yield* this.#rollBack();
    this.#warn(`Promotion of ${this.#targetName} failed, primary not ready: ${reason}`);
    this.#route(allToCanary);
    this.#sync({ phase: 'Failed', weight: total });
    return yield* this.#tell('post-rollout', 'Failed');
  }

  /** A new version has been seen: may it be tried? */
  *#begin(): Steps {
    for (const hook of this.#hooks('confirm-rollout')) {
      const { ok } = yield* ask({ kind: 'hook', hook, phase: this.#state.phase });
      if (!ok) return this.#wait(hook.name);
      this.#say(`Confirm-rollout check ${hook.name} passed`);
    }
    this.#say(`New revision detected! Scaling up ${this.#targetName}`);
    this.#do({ kind: 'scale-target', to: 'full' });
    return this.#sync({ phase: 'Progressing' });
  }

  #wait(hook: string): void {
    if (this.#state.phase === 'Waiting') return;
    this.#setPhase('Waiting');
    this.#warn(`Halt ${this.#name} advancement waiting for approval ${hook}`);
  }

  *#goOn(routes: Weights): Steps {
    const { spec, target } = this.#observed;
    if (analysing.has(this.#state.phase) && hasChanged(this.#state, spec)) return this.#restart();
    if (!target.ready) {
      this.#warn(target.reason);
      return target.retriable && this.#command !== 'abort' ? undefined : yield* this.#rollBack();
    }
    if (this.#canary.skipAnalysis) return yield* this.#skip();
    if (analysing.has(this.#state.phase) && (yield* this.#isCalledBack())) {
      return yield* this.#rollBack();
    }
    if (this.#state.phase === 'Promoting') return this.#shiftBack(routes);
    if (this.#state.phase === 'Finalising') return yield* this.#finish();
    if (this.#state.failedChecks >= this.#canary.threshold) return yield* this.#rollBack();
    if (this.#command === 'promote') return this.#promote();
    return yield* this.#analyse(routes);
  }

  #restart(): void {
    this.#say(`New revision detected! Restarting analysis for ${this.#targetName}`);
    this.#route(allToPrimary);
    this.#sync({ phase: 'Progressing' });
  }

  *#skip(): Steps {
    this.#route(allToPrimary);
    this.#copySpec();
    this.#do({ kind: 'scale-target', to: 'zero' });
    this.#setPhase('Succeeded');
    yield* this.#tell('post-rollout', 'Succeeded');
    this.#say(`Promotion completed! Canary analysis was skipped for ${this.#targetName}`);
  }

  *#isCalledBack(): Generator<Question, boolean, Answer> {
    if (this.#command === 'abort') {
      this.#warn(`Rolling back ${this.#name} as asked for`);
      return true;
    }
    for (const hook of this.#hooks('rollback')) {
      const { ok } = yield* ask({ kind: 'hook', hook, phase: this.#state.phase });
      if (ok) {
        this.#warn(`Rolling back ${this.#name} manual webhook invoked`);
        return true;
      }
      this.#say(`Rollback hook ${hook.name} not signaling a rollback`);
    }
    return false;
  }

  /** Traffic to the primary, which has the new version by now. */
  #shiftBack({ primary, canary }: Weights): void {
    const { stepWeightPromotion } = this.#canary;
    if (stepWeightPromotion === 0) {
      this.#say('Routing all traffic to primary');
      this.#route(allToPrimary);
      return this.#setPhase('Finalising');
    }
    // Flagger does nothing here, for ever; there is nothing left to move.
    if (canary === 0) return this.#setPhase('Finalising');
    const weights = {
      primary: Math.min(total, primary + stepWeightPromotion),
      canary: Math.max(0, canary - stepWeightPromotion),
    };
    this.#route(weights);
    this.#say(`Advance ${this.#name} primary weight ${weights.primary}`);
    if (weights.primary === total) return this.#setPhase('Finalising');
    return this.#set({ weight: weights.canary });
  }

  *#finish(): Steps {
    this.#do({ kind: 'scale-target', to: 'zero' });
    this.#setPhase('Succeeded');
    yield* this.#tell('post-rollout', 'Succeeded');
    this.#say(`Promotion completed! Scaling down ${this.#targetName}`);
  }

  *#analyse(routes: Weights): Steps {
    const isFirst = routes.canary === 0 && this.#state.iterations === 0;
    if (isFirst) this.#say(`Starting canary analysis for ${this.#targetName}`);
    const judgement = isFirst ? yield* this.#preRollout() : yield* this.#judge();
    if (judgement === 'failed') return this.#set({ failedChecks: this.#state.failedChecks + 1 });
    if (judgement === 'unclear') return undefined;
    if (this.#state.paused) return this.#say(`${this.#name} is paused`);
    return yield* this.#step(routes);
  }

  *#preRollout(): Generator<Question, 'passed' | 'failed', Answer> {
    for (const hook of this.#hooks('pre-rollout')) {
      const { ok, detail } = yield* ask({ kind: 'hook', hook, phase: 'Progressing' });
      if (!ok) {
        this.#halt(`pre-rollout check ${hook.name} failed ${detail}`);
        return 'failed';
      }
      this.#say(`Pre-rollout check ${hook.name} passed`);
    }
    return 'passed';
  }

  *#judge(): Generator<Question, 'passed' | 'failed' | 'unclear', Answer> {
    for (const hook of this.#hooks('rollout')) {
      const { ok, detail } = yield* ask({ kind: 'hook', hook, phase: 'Progressing' });
      if (ok) continue;
      this.#halt(`external check ${hook.name} failed ${detail}`);
      return 'failed';
    }
    const verdicts = yield* askMetrics();
    const bad = verdicts.filter(({ kind }) => kind !== 'pass');
    for (const verdict of bad) this.#halt(complaint(verdict));
    if (bad.length === 0) return 'passed';
    return this.#strict || bad.some(({ kind }) => kind === 'fail') ? 'failed' : 'unclear';
  }

  *#step(routes: Weights): Steps {
    const { strategy } = this.#canary;
    switch (strategy.kind) {
      case 'canary':
        return yield* this.#stepWeight(strategy, routes);
      case 'a-b':
        return yield* this.#stepAb(strategy.iterations);
      case 'blue-green':
        return yield* this.#stepBlueGreen(strategy.iterations);
    }
  }

  *#stepWeight(strategy: Extract<Strategy, { kind: 'canary' }>, routes: Weights): Steps {
    const step = nextStep(strategy, routes.canary);
    if (this.#state.phase === 'Progressing') {
      for (const hook of this.#hooks('confirm-traffic-increase')) {
        const { ok } = yield* ask({ kind: 'hook', hook, phase: 'Progressing' });
        if (!ok) return this.#halt(`waiting for traffic increase approval ${hook.name}`);
        this.#say(`Confirm-traffic-increase check ${hook.name} passed`);
      }
    }
    if (routes.canary >= strategy.maxWeight) return yield* this.#confirmPromotion();
    const canary = Math.min(total, routes.canary + step);
    this.#route({ primary: Math.max(0, routes.primary - step), canary });
    this.#set({ weight: canary });
    return this.#say(`Advance ${this.#name} canary weight ${canary}`);
  }

  /** Those who match meet the new version from the first iteration to the last. */
  *#stepAb(iterations: number): Steps {
    if (iterations <= this.#state.iterations) return yield* this.#confirmPromotion();
    this.#route(allToCanary);
    return this.#iterate(iterations);
  }

  /** Nobody meets the new version until it has passed all iterations; then everybody. */
  *#stepBlueGreen(iterations: number): Steps {
    if (iterations > this.#state.iterations) return this.#iterate(iterations);
    if (!(yield* this.#isPromotionConfirmed())) return undefined;
    if (iterations < this.#state.iterations) return this.#promote();
    this.#say('Routing all traffic to canary');
    this.#route(allToCanary);
    return this.#set({ iterations: iterations + 1 });
  }

  #iterate(iterations: number): void {
    const next = this.#state.iterations + 1;
    this.#set({ iterations: next });
    this.#say(`Advance ${this.#name} canary iteration ${next}/${iterations}`);
  }

  *#confirmPromotion(): Steps {
    if (yield* this.#isPromotionConfirmed()) this.#promote();
  }

  *#isPromotionConfirmed(): Generator<Question, boolean, Answer> {
    const { strategy } = this.#canary;
    for (const hook of this.#hooks('confirm-promotion')) {
      const { ok } = yield* ask({ kind: 'hook', hook, phase: 'Progressing' });
      if (ok) {
        this.#say(`Confirm-promotion check ${hook.name} passed`);
        continue;
      }
      if (this.#state.phase !== 'WaitingPromotion') {
        this.#setPhase('WaitingPromotion');
        this.#halt(`waiting for promotion approval ${hook.name}`);
      }
      // One iteration more, so that it goes on being judged.
      const iterations = strategy.kind === 'canary' ? 0 : strategy.iterations;
      this.#set({ iterations: iterations - 1 });
      return false;
    }
    return true;
  }

  #promote(): void {
    this.#copySpec();
    this.#setPhase('Promoting');
  }

  #copySpec(): void {
    const { target, namespace } = this.#canary;
    this.#say(`Copying ${this.#targetName} template spec to ${target}-primary.${namespace}`);
    this.#do({ kind: 'promote' });
  }

  *#rollBack(): Steps {
    const { failedChecks } = this.#state;
    if (failedChecks >= this.#canary.threshold) {
      const count = `failed checks threshold reached ${failedChecks}`;
      this.#warn(`Rolling back ${this.#name} ${count}`);
    }
    this.#route(allToPrimary);
    this.#warn(`Canary failed! Scaling down ${this.#name}`);
    this.#do({ kind: 'scale-target', to: 'zero' });
    this.#sync({ phase: 'Failed' });
    yield* this.#tell('post-rollout', 'Failed');
  }

  *#tell(type: 'post-rollout', phase: Phase): Steps {
    for (const hook of this.#hooks(type)) {
      const { ok, detail } = yield* ask({ kind: 'hook', hook, phase });
      if (!ok) return this.#warn(`Post-rollout hook ${hook.name} failed ${detail}`);
      this.#say(`Post-rollout check ${hook.name} passed`);
    }
  }

  #hooks(type: Webhook['type']): readonly Webhook[] {
    return this.#canary.webhooks.filter((hook) => hook.type === type);
  }

  get #name(): string {
    return `${this.#canary.name}.${this.#canary.namespace}`;
  }

  get #targetName(): string {
    return `${this.#canary.target}.${this.#canary.namespace}`;
  }

  /** A new beginning: counts are zero, and what is there now has been seen. */
  #sync({ phase, weight = 0 }: { phase: Phase; weight?: number }): void {
    const fresh = { failedChecks: 0, iterations: 0, paused: false };
    this.#set({ ...fresh, phase, weight, lastApplied: this.#observed.spec });
  }

  #setPhase(phase: Phase): void {
    const keepsCounts = phase === 'Waiting' || phase === 'Promoting';
    this.#set({
      phase,
      ...(keepsCounts ? {} : { weight: 0, iterations: 0 }),
      ...(phase === 'Succeeded' && { lastPromoted: this.#state.lastApplied, paused: false }),
    });
  }

  #set(changes: Partial<RolloutState>): void {
    this.#state = { ...this.#state, ...changes };
  }

  #route(weights: Weights): void {
    this.#do({ kind: 'set-routes', weights });
  }

  #do(action: Action): void {
    this.#actions.push(action);
  }

  #say(message: string): void {
    this.#events.push({ type: 'Normal', message });
  }

  #warn(message: string): void {
    this.#events.push({ type: 'Warning', message });
  }

  #halt(why: string): void {
    this.#warn(`Halt ${this.#name} advancement ${why}`);
  }
}

function* ask(question: Question & { kind: 'hook' }): Generator<Question, HookAnswer, Answer> {
  const answer = yield question;
  if ('ok' in answer) return answer;
  throw new TypeError(`ask the hook ${question.hook.name}: expected whether it is ok`);
}

function* askMetrics(): Generator<Question, readonly Verdict[], Answer> {
  const answer = yield { kind: 'metrics' };
  if (!('ok' in answer)) return answer;
  throw new TypeError('ask the metrics: expected a list of verdicts');
}

function complaint(verdict: Verdict): string {
  if (verdict.kind === 'no-values') return `no values found for metric ${verdict.metric}`;
  if (verdict.kind === 'pass') return '';
  return verdict.kind === 'fail' ? verdict.reason : `metric ${verdict.metric}: ${verdict.reason}`;
}
