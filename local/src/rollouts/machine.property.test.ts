import { expect } from 'chai';
import fc from 'fast-check';
import { away, bad, good, silent, World } from './testing/world.ts';

const analyses = [
  '{ interval: 10s, stepWeight: 20, maxWeight: 60, threshold: 2 }',
  '{ interval: 10s, stepWeights: [5, 30, 80], threshold: 1, stepWeightPromotion: 30 }',
  '{ interval: 10s, iterations: 3, threshold: 3 }',
  '{ interval: 10s, iterations: 2, threshold: 2, match: [{ headers: { a: { exact: b } } }] }',
];
const gate = (type: string) => `{ type: ${type}, name: ${type}, url: http://hook }`;
const gates = ['confirm-rollout', 'confirm-promotion', 'rollback', 'rollout'].map(gate).join();

const happening = fc.record({
  verdict: fc.constantFrom(good, good, good, bad, silent, away),
  target: fc.constantFrom('ready', 'ready', 'ready', 'late', 'never'),
  primary: fc.constantFrom('ready', 'ready', 'ready', 'ready', 'late', 'never'),
  command: fc.constantFrom(undefined, undefined, undefined, 'promote', 'abort'),
  hook: fc.constantFrom(...['', '', 'confirm-rollout', 'confirm-promotion', 'rollback', 'rollout']),
  newSpec: fc.boolean(),
  paused: fc.boolean(),
});

const readiness = {
  ready: { ready: true },
  late: { ready: false, retriable: true, reason: 'late' },
  never: { ready: false, retriable: false, reason: 'never' },
} as const;

describe('whatever happens to a rollout', () => {
  it('keeps its promises', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...analyses),
        fc.boolean(),
        fc.array(happening, { maxLength: 60 }),
        (analysis, strict, happenings) => {
          const withGates = `${analysis.slice(0, -2)}, webhooks: [${gates}] }`;
          const world = World.withNewVersion(withGates);
          world.strict = strict;
          let version = 2;
          for (const one of happenings) {
            if (one.newSpec && one.verdict === bad) world.spec = `v${++version}`;
            world.metrics = [one.verdict];
            world.target = readiness[one.target];
            world.primary = readiness[one.primary];
            world.hooks = one.hook === '' ? {} : { [one.hook]: one.hook === 'rollback' };
            if (world.state.phase === 'Progressing') {
              world.state = { ...world.state, paused: one.paused };
            }
            check(world, one.command);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function check(world: World, command: 'promote' | 'abort' | undefined): void {
  const before = { ...world.state, share: world.share, primary: world.primarySpec };
  const actions = world.tick(command);
  const { state, canary } = world;
  if ('error' in world.routes) throw new Error('the routes can be read here');
  expect(world.routes.primary + world.routes.canary).to.equal(100);
  const limit = canary.strategy.kind === 'canary' ? canary.strategy.maxWeight : 100;
  if (state.phase === 'Progressing') expect(world.share).to.be.at.most(limit);
  // Nobody is sent where nobody is.
  if (!world.targetIsUp) expect(world.share).to.equal(0);
  // More traffic only for what has just been judged and found well.
  if (world.share > before.share && state.phase === 'Progressing' && before.share > 0) {
    expect(world.metrics[0]?.kind).to.equal('pass');
    expect(before.failedChecks).to.be.lessThan(canary.threshold);
    expect(before.paused).to.equal(false);
  }
  // One decision at a time.
  expect(actions.filter(({ kind }) => kind === 'set-routes').length).to.be.at.most(1);
  if (state.phase === 'Failed' && before.phase !== 'Failed') {
    const wasPromoting = before.phase === 'Promoting' || before.phase === 'Finalising';
    expect(world.share).to.equal(wasPromoting && world.targetIsUp ? 100 : 0);
  }
  if (world.primarySpec !== before.primary) {
    expect(state.phase).to.be.oneOf(['Promoting', 'Failed']);
  }
  if (state.phase === 'Failed') expect(world.primarySpec).to.equal(state.lastPromoted);
}
