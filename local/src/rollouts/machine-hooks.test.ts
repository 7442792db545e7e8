import { expect } from 'chai';
import { bad, World } from './testing/world.ts';

function withHooks(...types: string[]): World {
  const hooks = types.map((type) => `{ type: ${type}, name: ${type}, url: http://hook }`);
  return World.withNewVersion(
    `{ interval: 10s, stepWeight: 50, threshold: 2, webhooks: [${hooks.join()}] }`,
  );
}

describe('a rollout’s hooks', () => {
  it('are called when their time comes, with the phase', () => {
    const world = withHooks(
      'confirm-rollout',
      'pre-rollout',
      'rollout',
      'confirm-traffic-increase',
      'confirm-promotion',
      'post-rollout',
      'rollback',
      'event',
    );
    world.ticks(6);
    expect(world.history.at(-1)).to.equal('Succeeded 0');
    expect(world.called).to.deep.equal([
      'confirm-rollout Initialized',
      // The first step needs no analysis: nothing has met the new version.
      'rollback Progressing',
      'pre-rollout Progressing',
      'confirm-traffic-increase Progressing',
      'rollback Progressing',
      'rollout Progressing',
      'confirm-traffic-increase Progressing',
      'rollback Progressing',
      'rollout Progressing',
      'confirm-traffic-increase Progressing',
      'confirm-promotion Progressing',
      'post-rollout Succeeded',
    ]);
  });

  it('before and during a rollout count as failed checks', () => {
    for (const [type, share] of [
      ['pre-rollout', 0],
      ['rollout', 50],
    ] as const) {
      const world = withHooks(type, 'post-rollout');
      world.hooks = { [type]: false };
      world.ticks(share === 0 ? 3 : 4);
      expect(world.history.at(-1)).to.equal(`Progressing ${share}`);
      expect(world.messages.at(-1)).to.include('failed the hook said no');
      world.tick();
      expect(world.history.at(-1)).to.equal('Failed 0');
      expect(world.called.at(-1)).to.equal('post-rollout Failed');
    }
  });

  it('hold back an increase without counting as a failure', () => {
    const world = withHooks('confirm-traffic-increase');
    world.hooks = { 'confirm-traffic-increase': false };
    world.ticks(9);
    expect(world.history.at(-1)).to.equal('Progressing 0');
    expect(world.state.failedChecks).to.equal(0);
  });

  it('hold back a promotion, while the version goes on being judged', () => {
    const world = withHooks('confirm-promotion');
    world.hooks = { 'confirm-promotion': false };
    world.ticks(6);
    expect(world.history.slice(3)).to.deep.equal(Array(3).fill('WaitingPromotion 100'));
    expect(world.state.iterations).to.equal(-1);
    world.hooks = {};
    world.tick();
    expect(world.history.at(-1)).to.equal('Promoting 100');
    const again = withHooks('confirm-promotion');
    again.hooks = { 'confirm-promotion': false };
    again.ticks(5);
    again.metrics = [bad];
    again.ticks(3);
    expect(again.history.at(-1)).to.equal('Failed 0');
  });

  it('undo it at once when one says so', () => {
    const world = withHooks('rollback');
    world.ticks(2);
    world.hooks = { rollback: true };
    world.tick();
    expect(world.history.at(-1)).to.equal('Failed 0');
    expect(world.messages).to.include('Rolling back podinfo.test manual webhook invoked');
  });

  it('after it are called when all has been done', () => {
    const world = withHooks('post-rollout');
    world.ticks(2);
    const seen: string[] = [];
    world.whenCalled = () => {
      seen.push(`${world.state.phase} ${world.share} ${world.targetIsUp ? 'up' : 'down'}`);
    };
    world.metrics = [bad];
    world.ticks(3);
    expect(seen).to.deep.equal(['Failed 0 down']);
    const order = [
      'Canary failed! Scaling down podinfo.test',
      'Post-rollout check post-rollout passed',
    ];
    expect(world.messages.slice(-2)).to.deep.equal(order);
  });

  it('after it change nothing', () => {
    const world = withHooks('post-rollout');
    world.hooks = { 'post-rollout': false };
    world.ticks(6);
    expect(world.history.at(-1)).to.equal('Succeeded 0');
    expect(world.messages).to.include('Post-rollout hook post-rollout failed the hook said no');
  });
});
