import { expect } from 'chai';
import { afterRestart, refusal } from './commands.ts';
import { newRollout, type Phase } from './state.ts';
import { bad, World } from './testing/world.ts';

const analysis = '{ interval: 10s, stepWeight: 20, maxWeight: 60, threshold: 2 }';

describe('a person', () => {
  it('pauses a rollout, which is still judged, and lets it go on', () => {
    const world = World.withNewVersion(analysis);
    world.ticks(2);
    world.state = { ...world.state, paused: true };
    world.ticks(5);
    expect(world.history.at(-1)).to.equal('Progressing 20');
    world.state = { ...world.state, paused: false };
    world.tick();
    expect(world.history.at(-1)).to.equal('Progressing 40');
    world.state = { ...world.state, paused: true };
    world.metrics = [bad];
    world.ticks(3);
    expect(world.history.at(-1)).to.equal('Failed 0');
    expect(world.state.paused).to.equal(false);
  });

  it('promotes without waiting for the rest of the analysis', () => {
    const world = World.withNewVersion(analysis);
    world.ticks(2);
    world.tick('promote');
    world.ticks(2);
    expect(world.history.slice(-3)).to.deep.equal(['Promoting 20', 'Finalising 0', 'Succeeded 0']);
    expect(world.primarySpec).to.equal('v2');
  });

  it('does not promote what is not ready', () => {
    const world = World.withNewVersion(analysis);
    world.ticks(1);
    world.target = { ready: false, retriable: true, reason: 'not yet' };
    world.tick('promote');
    expect(world.history.at(-1)).to.equal('Progressing 0');
  });

  it('aborts at any time before the promotion, whatever else is the case', () => {
    const world = World.withNewVersion(analysis);
    world.ticks(3);
    world.target = { ready: false, retriable: true, reason: 'crashed' };
    world.primary = { ready: false, retriable: true, reason: 'slow' };
    world.routes = { error: 'cannot be read' };
    world.tick('abort');
    expect(world.history.at(-1)).to.equal('Failed 0');
    expect(world.targetIsUp).to.equal(false);
  });

  it('is told what cannot be done, and why', () => {
    const at = (phase: Phase, paused = false) => ({ ...newRollout, phase, paused });
    expect(refusal(at('Progressing'), 'abort')).to.equal(undefined);
    expect(refusal(at('Progressing', true), 'resume')).to.equal(undefined);
    expect(refusal(at('Progressing'), 'resume')).to.equal('resume: it is not paused');
    expect(refusal(at('Promoting'), 'abort')).to.equal(
      'abort: expected a rollout that is Waiting or Progressing or WaitingPromotion, not Promoting',
    );
    expect(refusal(at('Succeeded'), 'promote')).to.include('not Succeeded');
  });
});

describe('a rollout whose engine was away', () => {
  function restart(world: World): void {
    const { state, actions } = afterRestart(world.state);
    world.state = state;
    for (const action of actions) {
      if (action.kind === 'set-routes') world.routes = action.weights;
      if (action.kind === 'scale-target') world.targetIsUp = action.to === 'full';
    }
  }

  it('leaves no split, and ends the same, wherever it was', () => {
    for (let done = 0; done <= 7; done++) {
      const world = World.withNewVersion(analysis);
      world.ticks(done);
      const promoted = ['Promoting', 'Finalising', 'Succeeded'].includes(world.state.phase);
      world.targetIsUp = false;
      restart(world);
      expect(world.share, `after ${done} ticks`).to.equal(0);
      // Should the primary not come up with it, there is a copy that works.
      if (world.state.phase === 'Promoting') expect(world.targetIsUp).to.equal(true);
      const before = world.history.length;
      world.ticks(9);
      expect(world.state.phase).to.equal('Succeeded');
      expect(world.primarySpec).to.equal('v2');
      if (promoted) expect(world.history.length - before).to.equal(9);
    }
  });

  it('waits on for its approval', () => {
    const waiting = { ...newRollout, phase: 'Waiting' } as const;
    expect(afterRestart(waiting)).to.deep.equal({ state: waiting, actions: [], events: [] });
  });

  it('does not forgive what failed', () => {
    const { state } = afterRestart({ ...newRollout, phase: 'Failed', weight: 100 });
    expect(state).to.include({ phase: 'Failed', weight: 0 });
  });
});
