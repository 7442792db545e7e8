import type { Strategy, Weights } from './canary.ts';
import { allToCanary, type Ledger, weightTotal } from './ledger.ts';
import type { Answer, Question } from './state.ts';
import type { Verdict } from './verdict.ts';

type Steps = Generator<Question, void, Answer>;

/** Judges a new version that takes its share of traffic, and gives it more or promotes it. */
export function* analyse(ledger: Ledger, routes: Weights): Steps {
  const isFirst = routes.canary === 0 && ledger.state.iterations === 0;
  if (isFirst) ledger.say(`Starting canary analysis for ${ledger.targetName}`);
  const judgement = isFirst ? yield* preRollout(ledger) : yield* judge(ledger);
  if (judgement === 'failed') ledger.set({ failedChecks: ledger.state.failedChecks + 1 });
  if (judgement !== 'passed') return undefined;
  if (ledger.state.paused) return ledger.say(`${ledger.name} is paused`);
  return yield* step(ledger, routes);
}

function* preRollout(ledger: Ledger): Generator<Question, 'passed' | 'failed', Answer> {
  const terms = { phase: 'Progressing', passed: 'Pre-rollout' } as const;
  const failed = yield* ledger.askToPass('pre-rollout', terms);
  if (failed === undefined) return 'passed';
  ledger.halt(`pre-rollout check ${failed.hook.name} failed ${failed.detail}`);
  return 'failed';
}

function* judge(ledger: Ledger): Generator<Question, 'passed' | 'failed' | 'unclear', Answer> {
  const stops = ({ ok }: { ok: boolean }) => !ok;
  const failed = yield* ledger.ask('rollout', { phase: 'Progressing', stops });
  if (failed) {
    ledger.halt(`external check ${failed.hook.name} failed ${failed.detail}`);
    return 'failed';
  }
  const verdicts = yield { kind: 'metrics' };
  if ('ok' in verdicts) throw new TypeError('ask the metrics: expected a list of verdicts');
  const bad = verdicts.filter(({ kind }) => kind !== 'pass');
  for (const verdict of bad) ledger.halt(complaint(verdict));
  if (bad.length === 0) return 'passed';
  return ledger.strict || bad.some(isEvidence) ? 'failed' : 'unclear';
}

/** Nothing to measure is evidence where there is traffic: a rate of successes needs one. */
function isEvidence(verdict: Verdict): boolean {
  return verdict.kind === 'fail' || (verdict.kind === 'no-values' && verdict.hasTraffic);
}

function complaint(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'pass':
      return '';
    case 'fail':
      return verdict.reason;
    case 'no-values':
      return `no values found for metric ${verdict.metric}: ${verdict.reason}`;
    case 'unavailable':
      return `metric ${verdict.metric} cannot be asked: ${verdict.reason}`;
  }
}

function* step(ledger: Ledger, routes: Weights): Steps {
  const { strategy } = ledger.canary;
  switch (strategy.kind) {
    case 'canary':
      return yield* stepWeight(ledger, strategy, routes);
    case 'a-b':
      return yield* stepAb(ledger, strategy.iterations);
    case 'blue-green':
      return yield* stepBlueGreen(ledger, strategy.iterations);
  }
}

type ByWeight = Extract<Strategy, { kind: 'canary' }>;

function* stepWeight(ledger: Ledger, strategy: ByWeight, routes: Weights): Steps {
  if (ledger.state.phase === 'Progressing') {
    const terms = { phase: 'Progressing', passed: 'Confirm-traffic-increase' } as const;
    const refusal = yield* ledger.askToPass('confirm-traffic-increase', terms);
    if (refusal) {
      return ledger.halt(`waiting for traffic increase approval ${refusal.hook.name}`);
    }
  }
  if (routes.canary >= strategy.maxWeight) return yield* confirmPromotion(ledger);
  const more = nextStep(strategy, routes.canary);
  const canary = Math.min(weightTotal, routes.canary + more);
  ledger.route({ primary: Math.max(0, routes.primary - more), canary });
  ledger.set({ weight: canary });
  return ledger.say(`Advance ${ledger.name} canary weight ${canary}`);
}

/** How much is added to `weight`, as Flagger adds it. */
function nextStep({ stepWeight: fixed, stepWeights }: ByWeight, weight: number): number {
  if (fixed > 0 || stepWeights.length === 0) return fixed;
  const left = weightTotal - weight;
  const at = stepWeights.indexOf(weight);
  const next = weight === 0 ? stepWeights[0] : at < 0 ? undefined : stepWeights[at + 1];
  return Math.min(left, (next ?? weightTotal) - weight);
}

/** Those who match meet the new version from the first iteration to the last. */
function* stepAb(ledger: Ledger, iterations: number): Steps {
  if (iterations <= ledger.state.iterations) return yield* confirmPromotion(ledger);
  ledger.route(allToCanary);
  return iterate(ledger, iterations);
}

/** Nobody meets the new version until it has passed all iterations; then everybody does. */
function* stepBlueGreen(ledger: Ledger, iterations: number): Steps {
  if (iterations > ledger.state.iterations) return iterate(ledger, iterations);
  if (!(yield* isPromotionConfirmed(ledger))) return undefined;
  if (iterations < ledger.state.iterations) return promote(ledger);
  ledger.say('Routing all traffic to canary');
  ledger.route(allToCanary);
  return ledger.set({ iterations: iterations + 1 });
}

function iterate(ledger: Ledger, iterations: number): void {
  const next = ledger.state.iterations + 1;
  ledger.set({ iterations: next });
  ledger.say(`Advance ${ledger.name} canary iteration ${next}/${iterations}`);
}

function* confirmPromotion(ledger: Ledger): Steps {
  if (yield* isPromotionConfirmed(ledger)) promote(ledger);
}

function* isPromotionConfirmed(ledger: Ledger): Generator<Question, boolean, Answer> {
  const { strategy } = ledger.canary;
  const terms = { phase: 'Progressing', passed: 'Confirm-promotion' } as const;
  const refusal = yield* ledger.askToPass('confirm-promotion', terms);
  if (refusal === undefined) return true;
  if (ledger.state.phase !== 'WaitingPromotion') {
    ledger.setPhase('WaitingPromotion');
    ledger.halt(`waiting for promotion approval ${refusal.hook.name}`);
  }
  // One iteration is taken back, so that it goes on being judged.
  const iterations = strategy.kind === 'canary' ? 0 : strategy.iterations;
  ledger.set({ iterations: iterations - 1 });
  return false;
}

/** The new version has earned it: the primary becomes it. */
export function promote(ledger: Ledger): void {
  ledger.copySpec();
  ledger.setPhase('Promoting');
}
