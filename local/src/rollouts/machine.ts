import type { Weights } from './canary.ts';
import { analyse, promote } from './analysis.ts';
import { allToCanary, allToPrimary, Ledger, type TickOptions, weightTotal } from './ledger.ts';
import {
  type Answer,
  newRollout,
  type Phase,
  promoting,
  type Question,
  type Readiness,
  type TickResult,
} from './state.ts';

type Steps = Generator<Question, void, Answer>;

const analysing = new Set<Phase>(['Progressing', 'WaitingPromotion']);
const underWay = new Set<Phase>(['Waiting', ...analysing, ...promoting]);

/**
 * One look at a rollout, as Flagger's scheduler takes it: at most one step on. Asks what it has to
 * know as it goes, so that no hook is called that Flagger would not call; returns what is to be done
 * and the state that counts once it has been. Does nothing itself: the same in, the same out.
 */
export function* tick(options: TickOptions): Generator<Question, TickResult, Answer> {
  const ledger = new Ledger(options);
  yield* advance(ledger);
  return ledger.result;
}

function* advance(ledger: Ledger): Steps {
  const { canary, observed } = ledger;
  if (canary.suspended) return ledger.say('skipping canary run as object is suspended');
  if (ledger.state.phase === 'Initializing' && !initialize(ledger)) return undefined;
  const { phase } = ledger.state;
  if (isStranded(ledger)) return comeBack(ledger);
  if (!underWay.has(phase) && !ledger.hasChanged) return undefined;
  if (ledger.command === 'abort' && underWay.has(phase) && !promoting.has(phase)) {
    ledger.warn(`Rolling back ${ledger.name} as asked for`);
    return yield* rollBack(ledger);
  }
  const { primary, routes } = observed;
  if (!canary.skipAnalysis && !primary.ready) return yield* primaryNotReady(ledger, primary);
  if ('error' in routes) return ledger.warn(routes.error);
  return analysing.has(phase) || promoting.has(phase)
    ? yield* goOn(ledger, routes)
    : yield* begin(ledger);
}

/** Whether the primary is there to send traffic to. */
function initialize(ledger: Ledger): boolean {
  const { primary, spec } = ledger.observed;
  ledger.do({ kind: 'create-primary' });
  if (!primary.ready && !ledger.canary.skipAnalysis) {
    ledger.warn(primary.reason);
    return false;
  }
  ledger.do({ kind: 'take-over' });
  ledger.do({ kind: 'scale-target', to: 'zero' });
  ledger.route(allToPrimary);
  ledger.set({ ...newRollout, phase: 'Initialized', lastApplied: spec, lastPromoted: spec });
  ledger.say(`Initialization done! ${ledger.name}`);
  return true;
}

/**
 * While a promotion is under way the canary is the only copy of the new version that works: traffic
 * goes there instead of to a broken primary, until that has its former version again.
 */
function* primaryNotReady(
  ledger: Ledger,
  { reason, retriable }: Readiness & { ready: false },
): Steps {
  ledger.warn(reason);
  if (retriable) return undefined;
  if (!promoting.has(ledger.state.phase)) return yield* rollBack(ledger);
  ledger.warn(`Promotion of ${ledger.targetName} failed, primary not ready: ${reason}`);
  if (ledger.observed.targetAvailable === 0) return yield* rollBack(ledger);
  ledger.route(allToCanary);
  ledger.do({ kind: 'restore-primary' });
  ledger.sync({ phase: 'Failed', weight: weightTotal });
  return yield* tellItIsOver(ledger, 'Failed');
}

/** Whether a promotion that failed has left traffic at the canary, and the primary is well by now. */
function isStranded({ state, observed: { primary, routes } }: Ledger): boolean {
  return state.phase === 'Failed' && primary.ready && !('error' in routes) && routes.canary > 0;
}

/** Flagger leaves it so, and sends everybody to the next version before anyone has judged it. */
function comeBack(ledger: Ledger): void {
  ledger.say('Routing all traffic to primary');
  ledger.route(allToPrimary);
  ledger.do({ kind: 'scale-target', to: 'zero' });
  ledger.set({ weight: 0 });
}

/** A new version has been seen: may it be tried? */
function* begin(ledger: Ledger): Steps {
  const { phase } = ledger.state;
  const refusal = yield* ledger.askToPass('confirm-rollout', { phase, passed: 'Confirm-rollout' });
  if (refusal === undefined) {
    ledger.say(`New revision detected! Scaling up ${ledger.targetName}`);
    ledger.do({ kind: 'scale-target', to: 'full' });
    ledger.sync({ phase: 'Progressing' });
  } else if (phase !== 'Waiting') {
    ledger.setPhase('Waiting');
    ledger.halt(`waiting for approval ${refusal.hook.name}`);
  }
}

function* goOn(ledger: Ledger, routes: Weights): Steps {
  const { target } = ledger.observed;
  const { phase, failedChecks } = ledger.state;
  if (analysing.has(phase) && ledger.hasChanged) return restart(ledger);
  if (!target.ready) {
    ledger.warn(target.reason);
    return target.retriable ? undefined : yield* rollBack(ledger);
  }
  if (ledger.canary.skipAnalysis) return yield* skip(ledger);
  if (phase === 'Promoting') return shiftBack(ledger, routes);
  if (phase === 'Finalising') return yield* finish(ledger);
  if (yield* isCalledBack(ledger)) return yield* rollBack(ledger);
  if (failedChecks >= ledger.canary.threshold) return yield* rollBack(ledger);
  return ledger.command === 'promote' ? promote(ledger) : yield* analyse(ledger, routes);
}

function restart(ledger: Ledger): void {
  ledger.say(`New revision detected! Restarting analysis for ${ledger.targetName}`);
  ledger.route(allToPrimary);
  ledger.sync({ phase: 'Progressing' });
}

function* skip(ledger: Ledger): Steps {
  ledger.route(allToPrimary);
  ledger.copySpec();
  ledger.do({ kind: 'scale-target', to: 'zero' });
  ledger.setPhase('Succeeded');
  yield* tellItIsOver(ledger, 'Succeeded');
  ledger.say(`Promotion completed! Canary analysis was skipped for ${ledger.targetName}`);
}

function* isCalledBack(ledger: Ledger): Generator<Question, boolean, Answer> {
  const { phase } = ledger.state;
  const call = yield* ledger.ask('rollback', { phase, stops: ({ ok }) => ok });
  if (call) ledger.warn(`Rolling back ${ledger.name} manual webhook invoked`);
  return call !== undefined;
}

/** Traffic to the primary, which has the new version by now. */
function shiftBack(ledger: Ledger, { primary, canary }: Weights): void {
  const { stepWeightPromotion } = ledger.canary;
  if (stepWeightPromotion === 0) {
    ledger.say('Routing all traffic to primary');
    ledger.route(allToPrimary);
    return ledger.setPhase('Finalising');
  }
  // Flagger does nothing here, for ever; but there is nothing left to move.
  if (canary === 0) return ledger.setPhase('Finalising');
  const weights = {
    primary: Math.min(weightTotal, primary + stepWeightPromotion),
    canary: Math.max(0, canary - stepWeightPromotion),
  };
  ledger.route(weights);
  ledger.say(`Advance ${ledger.name} primary weight ${weights.primary}`);
  if (weights.primary === weightTotal) return ledger.setPhase('Finalising');
  return ledger.set({ weight: weights.canary });
}

function* finish(ledger: Ledger): Steps {
  ledger.do({ kind: 'scale-target', to: 'zero' });
  ledger.setPhase('Succeeded');
  yield* tellItIsOver(ledger, 'Succeeded');
  ledger.say(`Promotion completed! Scaling down ${ledger.targetName}`);
}

function* rollBack(ledger: Ledger): Steps {
  const { failedChecks } = ledger.state;
  if (failedChecks >= ledger.canary.threshold) {
    const why = `failed checks threshold reached ${failedChecks}`;
    ledger.warn(`Rolling back ${ledger.name} ${why}`);
  }
  ledger.route(allToPrimary);
  if (promoting.has(ledger.state.phase)) ledger.do({ kind: 'restore-primary' });
  ledger.warn(`Canary failed! Scaling down ${ledger.name}`);
  ledger.do({ kind: 'scale-target', to: 'zero' });
  ledger.sync({ phase: 'Failed' });
  yield* tellItIsOver(ledger, 'Failed');
}

/** Once it is: a hook that hangs keeps nobody with a version that is to be undone. */
function* tellItIsOver(ledger: Ledger, phase: Phase): Steps {
  yield* ledger.perform();
  const failed = yield* ledger.askToPass('post-rollout', { phase, passed: 'Post-rollout' });
  if (failed) ledger.warn(`Post-rollout hook ${failed.hook.name} failed ${failed.detail}`);
}
