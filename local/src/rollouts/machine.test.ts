import { expect } from 'chai';
import { away, bad, silent, World } from './testing/world.ts';

const documented = '{ interval: 10s, stepWeight: 20, maxWeight: 60, threshold: 2 }';

describe('a rollout', () => {
  it('begins with a primary that is a copy, all traffic to it, and nothing to judge', () => {
    const world = new World(World.withNewVersion(documented).canary);
    world.primary = { ready: false, retriable: true, reason: 'waiting for pods' };
    expect(world.ticks(2)).to.deep.equal([{ kind: 'create-primary' }]);
    expect(world.state.phase).to.equal('Initializing');
    world.primary = { ready: true };
    expect(world.ticks(1)).to.deep.equal([
      { kind: 'create-primary' },
      { kind: 'take-over' },
      { kind: 'scale-target', to: 'zero' },
      { kind: 'set-routes', weights: { primary: 100, canary: 0 } },
    ]);
    expect(world.state).to.include({ phase: 'Initialized', lastApplied: 'v1', lastPromoted: 'v1' });
    expect(world.ticks(3)).to.deep.equal([]);
  });

  // Row 66.
  it('takes one step a tick, promotes, takes all traffic back and scales down', () => {
    const world = World.withNewVersion(documented);
    world.ticks(9);
    expect(world.history).to.deep.equal([
      'Progressing 0',
      'Progressing 20',
      'Progressing 40',
      'Progressing 60',
      'Promoting 60',
      'Finalising 0',
      'Succeeded 0',
      'Succeeded 0',
      'Succeeded 0',
    ]);
    expect(world.primarySpec).to.equal('v2');
    expect(world.targetIsUp).to.equal(false);
    expect(world.state).to.include({ lastApplied: 'v2', lastPromoted: 'v2', failedChecks: 0 });
  });

  // Row 67.
  it('halts twice with its weight kept, then is undone, and not tried again', () => {
    const world = World.withNewVersion(documented);
    world.ticks(2);
    world.metrics = [bad];
    world.ticks(5);
    expect(world.history.slice(1)).to.deep.equal([
      'Progressing 20',
      'Progressing 20',
      'Progressing 20',
      'Failed 0',
      'Failed 0',
      'Failed 0',
    ]);
    expect(world.targetIsUp).to.equal(false);
    expect(world.primarySpec).to.equal('v1');
    expect(world.messages).to.include('Halt podinfo.test advancement success 90.00 < 99');
    const why = 'Rolling back podinfo.test failed checks threshold reached 2';
    expect(world.messages).to.include(why);
    world.metrics = [];
    world.spec = 'v3';
    world.ticks(1);
    expect(world.state.phase).to.equal('Progressing');
  });

  // Row 68.
  it('without traffic is undone, as Flagger does', () => {
    const world = World.withNewVersion(documented);
    world.metrics = [silent];
    world.ticks(5);
    expect(world.history).to.deep.equal([
      'Progressing 0',
      'Progressing 20',
      'Progressing 20',
      'Progressing 20',
      'Failed 0',
    ]);
    expect(world.messages.join()).to.include('no values found for metric success');
  });

  it('without traffic or without anybody to ask waits and says so, unless it is strict', () => {
    for (const verdict of [silent, away]) {
      const world = World.withNewVersion(documented);
      world.strict = false;
      world.metrics = [verdict];
      world.ticks(20);
      expect(world.history.at(-1)).to.equal('Progressing 20');
      expect(world.messages.at(-1))
        .to.include('Halt podinfo.test advancement')
        .and.include('success');
      world.metrics = [verdict, bad];
      world.ticks(3);
      expect(world.history.at(-1)).to.equal('Failed 0');
    }
  });

  // Row 69.
  it('waits for its approval without scaling up, and goes on when it comes', () => {
    const hook = '{ type: confirm-rollout, name: gate, url: http://gate }';
    const world = World.withNewVersion(
      `{ interval: 10s, stepWeight: 20, threshold: 2, webhooks: [${hook}] }`,
    );
    world.hooks = { gate: false };
    world.ticks(4);
    expect(world.history).to.deep.equal(Array(4).fill('Waiting 0'));
    expect(world.targetIsUp).to.equal(false);
    expect(world.called).to.deep.equal(['gate Initialized', ...Array(3).fill('gate Waiting')]);
    // It is said once, and asked at each tick.
    const waiting = 'Halt podinfo.test advancement waiting for approval gate';
    expect(world.messages.filter((message) => message === waiting).length).to.equal(1);
    world.hooks = {};
    world.ticks(2);
    expect(world.history.slice(-2)).to.deep.equal(['Progressing 0', 'Progressing 20']);
    expect(world.targetIsUp).to.equal(true);
  });

  // Row 70; route.test.ts shows where the error comes from.
  it('does not move while the weights of its route cannot be read', () => {
    const world = World.withNewVersion(documented);
    world.routes = { error: 'HTTPRoute podinfo.test parent podinfo is not ready' };
    expect(world.ticks(5)).to.deep.equal([]);
    expect(world.state.phase).to.equal('Initialized');
    expect(world.messages.at(-1)).to.include('is not ready');
    world.routes = { primary: 100, canary: 0 };
    world.ticks(2);
    expect(world.history.at(-1)).to.equal('Progressing 20');
  });

  it('takes the steps that are listed, up to the last', () => {
    const world = World.withNewVersion('{ interval: 10s, threshold: 2, stepWeights: [1, 10, 75] }');
    world.ticks(7);
    expect(world.history).to.deep.equal([
      'Progressing 0',
      'Progressing 1',
      'Progressing 10',
      'Progressing 75',
      'Promoting 75',
      'Finalising 0',
      'Succeeded 0',
    ]);
  });

  it('gives traffic back in steps when they are asked for', () => {
    const world = World.withNewVersion(
      '{ interval: 10s, threshold: 2, stepWeight: 50, stepWeightPromotion: 40 }',
    );
    world.ticks(9);
    expect(world.history.slice(2)).to.deep.equal([
      'Progressing 100',
      'Promoting 100',
      'Promoting 60',
      'Promoting 20',
      'Finalising 0',
      'Succeeded 0',
      'Succeeded 0',
    ]);
  });

  it('waits for pods that come and is undone for those that do not', () => {
    const world = World.withNewVersion(documented);
    world.tick();
    world.target = { ready: false, retriable: true, reason: 'podinfo: waiting for rollout' };
    world.ticks(3);
    expect(world.history.at(-1)).to.equal('Progressing 0');
    world.target = { ready: false, retriable: false, reason: 'podinfo: too late' };
    world.tick();
    expect(world.history.at(-1)).to.equal('Failed 0');
    expect(world.messages).to.include('podinfo: too late');
  });

  it('starts again with a newer version that comes while one is judged', () => {
    const world = World.withNewVersion(documented);
    world.ticks(3);
    world.state = { ...world.state, failedChecks: 1 };
    world.spec = 'v3';
    world.tick();
    expect(world.history.at(-1)).to.equal('Progressing 0');
    expect(world.state).to.include({ failedChecks: 0, lastApplied: 'v3', lastPromoted: 'v1' });
    world.ticks(6);
    expect(world.primarySpec).to.equal('v3');
  });

  it('does not try what the primary runs already', () => {
    const world = World.withNewVersion(documented);
    world.ticks(7);
    world.spec = 'v3';
    world.metrics = [bad];
    world.ticks(6);
    expect(world.state.phase).to.equal('Failed');
    world.spec = 'v2';
    expect(world.ticks(3)).to.deep.equal([]);
  });

  it('keeps traffic off a primary that breaks while it is promoted', () => {
    const world = World.withNewVersion(documented);
    world.ticks(5);
    world.primary = { ready: false, retriable: false, reason: 'primary is stuck' };
    world.tick();
    expect(world.history.at(-1)).to.equal('Failed 100');
    expect(world.targetIsUp).to.equal(true);
    expect(world.state.weight).to.equal(100);
    // The primary gets its former version back, and then its traffic.
    expect(world.primarySpec).to.equal('v1');
    world.ticks(3);
    expect(world.history.at(-1)).to.equal('Failed 100');
    world.primary = { ready: true };
    expect(world.tick()).to.deep.equal([
      { kind: 'set-routes', weights: { primary: 100, canary: 0 } },
      { kind: 'scale-target', to: 'zero' },
    ]);
    expect(world.state).to.include({ phase: 'Failed', weight: 0, lastPromoted: 'v1' });
    world.spec = 'v3';
    world.ticks(6);
    expect(world.primarySpec).to.equal('v3');
  });

  it('sends nobody to a canary without pods when the primary breaks', () => {
    const world = World.withNewVersion(documented);
    world.ticks(5);
    world.primary = { ready: false, retriable: false, reason: 'primary is stuck' };
    world.target = { ready: false, retriable: true, reason: 'podinfo: waiting for pods' };
    world.tick();
    expect(world.history.at(-1)).to.equal('Failed 0');
    expect(world.primarySpec).to.equal('v1');
    expect(world.targetIsUp).to.equal(false);
  });

  it('gives the primary its version back when the canary breaks while it is promoted', () => {
    const world = World.withNewVersion(documented);
    world.ticks(5);
    world.target = { ready: false, retriable: false, reason: 'podinfo: too late' };
    world.tick();
    expect(world.history.at(-1)).to.equal('Failed 0');
    expect(world.primarySpec).to.equal('v1');
  });

  it('is undone when the primary breaks before that', () => {
    const world = World.withNewVersion(documented);
    world.ticks(3);
    world.primary = { ready: false, retriable: false, reason: 'primary is stuck' };
    world.tick();
    expect(world.history.at(-1)).to.equal('Failed 0');
  });

  it('does nothing while it is suspended', () => {
    const world = World.withNewVersion(documented, 'suspend: true');
    expect(world.ticks(3)).to.deep.equal([]);
    expect(world.messages.at(-1)).to.equal('skipping canary run as object is suspended');
  });

  it('is promoted as soon as it is ready when nothing is to be analysed', () => {
    const world = World.withNewVersion('', 'skipAnalysis: true');
    world.tick();
    expect(world.targetIsUp).to.equal(true);
    expect(world.tick().map(({ kind }) => kind)).to.deep.equal([
      'set-routes',
      'promote',
      'scale-target',
    ]);
    expect(world.history).to.deep.equal(['Progressing 0', 'Succeeded 0']);
    expect(world.primarySpec).to.equal('v2');
  });
});

describe('a rollout in iterations', () => {
  it('sends nobody to the new version before it has passed, then everybody (blue/green)', () => {
    const world = World.withNewVersion('{ interval: 10s, threshold: 2, iterations: 2 }');
    world.ticks(7);
    expect(world.history).to.deep.equal([
      'Progressing 0',
      'Progressing 0',
      'Progressing 0',
      'Progressing 100',
      'Promoting 100',
      'Finalising 0',
      'Succeeded 0',
    ]);
  });

  it('sends those who match to the new version (A/B), to the end', () => {
    const match = '[{ headers: { x-tester: { exact: "yes" } } }]';
    const world = World.withNewVersion(
      `{ interval: 10s, threshold: 2, iterations: 2, match: ${match} }`,
    );
    world.ticks(6);
    expect(world.history).to.deep.equal([
      'Progressing 0',
      'Progressing 100',
      'Progressing 100',
      'Promoting 100',
      'Finalising 0',
      'Succeeded 0',
    ]);
  });

  it('is undone from any iteration', () => {
    const world = World.withNewVersion('{ interval: 10s, threshold: 1, iterations: 5 }');
    world.ticks(3);
    world.metrics = [bad];
    world.ticks(2);
    expect(world.history.slice(-2)).to.deep.equal(['Progressing 0', 'Failed 0']);
  });
});
