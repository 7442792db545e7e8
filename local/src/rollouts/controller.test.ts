import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { RolloutController } from './controller.ts';
import type { RolloutPorts, SavedRollout } from './ports.ts';
import { type HookAnswer, newRollout, type Observed, type Readiness } from './state.ts';
import { canaryOf } from './testing/world.ts';

const metric = '{ name: request-success-rate, interval: 1m, thresholdRange: { min: 99 } }';
const steps = 'interval: 10s, stepWeight: 20, maxWeight: 60, threshold: 2';
const analysis = `{ ${steps}, metrics: [${metric}] }`;

const ready = { ready: true } as const;

/** An engine in memory, and a controller over it. */
function open({
  saved,
  strict = false,
  webhooks = '',
  disk = 'well',
}: { saved?: SavedRollout; strict?: boolean; webhooks?: string; disk?: 'well' | 'broken' } = {}) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const engine = {
    spec: 'v1',
    routes: { primary: 100, canary: 0 },
    done: [] as string[],
    messages: [] as string[],
    saved,
    successRate: 100 as number | Error,
    requestsEver: 1_000,
    failing: '' as string,
    primary: ready as Readiness,
    answerHook: async (_signal: AbortSignal): Promise<HookAnswer> => ({ ok: true, detail: '' }),
  };
  const ports: RolloutPorts = {
    async observe() {
      const { spec, routes } = engine;
      const { primary } = engine;
      const observed: Observed = { spec, routes, primary, target: ready, targetAvailable: 1 };
      return { ...observed, version: spec, primaryVersion: 'v1' };
    },
    async perform(action) {
      if (action.kind === engine.failing) throw new Error(`cannot ${action.kind}`);
      if (action.kind === 'set-routes') engine.routes = action.weights;
      engine.done.push(action.kind);
    },
    metrics: {
      async query(promql) {
        if (promql.startsWith('sum(outbound')) return engine.requestsEver;
        if (engine.successRate instanceof Error) throw engine.successRate;
        return engine.successRate;
      },
    },
    callHook: (_hook, { signal }) => engine.answerHook(signal),
    async load() {
      if (disk === 'broken') throw new Error('unreadable');
      return engine.saved;
    },
    async save(state) {
      if (disk === 'broken') throw new Error('disk full');
      // As a file would: what is saved is only what JSON can say.
      engine.saved = JSON.parse(JSON.stringify(state));
    },
    onTick: ({ events }) => engine.messages.push(...events.map(({ message }) => message)),
  };
  const controller = new RolloutController({
    canary: canaryOf(`${analysis.slice(0, -1)}, webhooks: [${webhooks}] }`),
    ports,
    clock,
    strict,
    signal: stop.signal,
  });
  const running = controller.run();
  const pass = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed++) {
      await new Promise(setImmediate);
      await clock.advance(1_000);
      await new Promise(setImmediate);
    }
  };
  const close = async () => {
    stop.abort();
    await running;
  };
  return { engine, controller, pass, close };
}

describe('a rollout’s controller', () => {
  it('leads a good version to all traffic, one step an interval, and reports it', async () => {
    const { engine, controller, pass, close } = open();
    await pass(5);
    engine.spec = 'v2';
    controller.poke();
    await pass(1);
    expect(controller.state.phase).to.equal('Progressing');
    await pass(70);
    await close();
    expect(controller.state.phase).to.equal('Succeeded');
    expect(controller.report).to.deep.include({
      outcome: 'promoted',
      from_version: 'v1',
      to_version: 'v2',
      requests_met: 0,
    });
    expect(controller.report?.weights.map(({ weight }) => weight)).to.deep.equal([20, 40, 60, 0]);
    expect(engine.saved?.state).to.deep.equal(controller.state);
  });

  for (const { strict, when, safeMs } of [
    { strict: false, when: 'as soon as it is found out', safeMs: 20_000 },
    { strict: true, when: 'at the look after, as Flagger does', safeMs: 30_000 },
  ]) {
    it(`undoes a bad version ${when}, and tells how many requests met it`, async () => {
      const { engine, controller, pass, close } = open({ strict });
      await pass(1);
      engine.spec = 'v2';
      controller.poke();
      await pass(11);
      engine.successRate = 50;
      engine.requestsEver = 1_042;
      await pass(40);
      await close();
      expect(controller.report).to.deep.include({
        outcome: 'rolled-back',
        requests_met: 42,
        time_to_detect_ms: 10_000,
        time_to_safe_ms: safeMs,
      });
      const verdicts = controller.report?.checks.map(({ verdict }) => verdict);
      expect(verdicts).to.deep.equal(['fail', 'fail']);
    });
  }

  it('undoes a bad version whether or not anybody answers that it is over', async () => {
    const webhooks = '{ type: post-rollout, name: bell, url: http://hook }';
    const { engine, controller, pass, close } = open({ webhooks });
    const bell = Promise.withResolvers<HookAnswer>();
    engine.answerHook = () => bell.promise;
    await pass(1);
    engine.spec = 'v2';
    controller.poke();
    await pass(11);
    engine.successRate = 50;
    await pass(40);
    expect(engine.routes.canary).to.equal(0);
    expect(engine.done.at(-1)).to.equal('scale-target');
    expect(controller.report).to.include({ outcome: 'rolled-back', time_to_safe_ms: 20_000 });
    bell.resolve({ ok: true, detail: '' });
    await pass(1);
    const last = controller.report?.events.at(-1)?.message;
    expect(last).to.equal('Post-rollout check bell passed');
    await close();
  });

  it('asks nobody whether it is over while that could not be brought about', async () => {
    const webhooks = '{ type: post-rollout, name: bell, url: http://hook }';
    const { engine, controller, pass, close } = open({ webhooks });
    let asked = 0;
    engine.answerHook = async () => ({ ok: (asked += 1) > 0, detail: '' });
    await pass(1);
    engine.spec = 'v2';
    controller.poke();
    await pass(11);
    engine.successRate = 50;
    engine.failing = 'scale-target';
    await pass(40);
    expect({ phase: controller.state.phase, asked }).to.include({ phase: 'Progressing', asked: 0 });
    engine.failing = '';
    await pass(10);
    expect({ phase: controller.state.phase, asked }).to.include({ phase: 'Failed', asked: 1 });
    await close();
  });

  it('does not believe what could not be done, and tries again', async () => {
    const { engine, controller, pass, close } = open();
    await pass(1);
    engine.spec = 'v2';
    engine.failing = 'scale-target';
    controller.poke();
    await pass(21);
    expect(controller.state.phase).to.equal('Initialized');
    expect(engine.messages.at(-1)).to.equal('do what was decided: cannot scale-target');
    engine.failing = '';
    await pass(10);
    expect(controller.state.phase).to.equal('Progressing');
    await close();
  });

  it('halts while nobody can be asked, and goes on afterwards', async () => {
    const { engine, controller, pass, close } = open();
    await pass(1);
    engine.spec = 'v2';
    controller.poke();
    await pass(11);
    engine.successRate = new Error('connect ECONNREFUSED');
    await pass(60);
    expect(controller.state).to.include({ phase: 'Progressing', weight: 20, failedChecks: 0 });
    expect(engine.messages.at(-1)).to.include('cannot be asked: connect ECONNREFUSED');
    engine.successRate = 100;
    await pass(60);
    expect(controller.state.phase).to.equal('Succeeded');
    await close();
  });

  it('does what people ask for at once, or says why it cannot', async () => {
    const { engine, controller, pass, close } = open();
    await pass(1);
    expect(await controller.request('abort').catch(String)).to.include('not Initialized');
    engine.spec = 'v2';
    controller.poke();
    await pass(12);
    await controller.request('pause');
    await pass(50);
    expect(controller.state).to.include({ phase: 'Progressing', weight: 20, paused: true });
    await controller.request('resume');
    await pass(1);
    expect(controller.state.weight).to.equal(40);
    await controller.request('abort');
    await pass(1);
    expect(controller.state.phase).to.equal('Failed');
    expect(engine.routes.canary).to.equal(0);
    await close();
  });

  it('takes up what an engine before it left, without a split', async () => {
    const state = {
      ...newRollout,
      phase: 'Progressing',
      weight: 40,
      lastApplied: 'v2',
      lastPromoted: 'v1',
    } as const;
    const { engine, controller, pass, close } = open({
      saved: { state, report: null, requestsBefore: 0 },
    });
    engine.spec = 'v2';
    engine.routes = { primary: 60, canary: 40 };
    await pass(1);
    expect(engine.done.slice(0, 2)).to.deep.equal(['set-routes', 'scale-target']);
    expect(engine.routes.canary).to.be.at.most(20);
    await pass(80);
    expect(controller.state).to.include({ phase: 'Succeeded', lastPromoted: 'v2' });
    await close();
  });

  /** A version on trial, with a share of traffic. */
  async function onTrial(options: Parameters<typeof open>[0] = {}) {
    const opened = open(options);
    await opened.pass(1);
    await opened.controller.change('v2', async () => void (opened.engine.spec = 'v2'));
    await opened.pass(2);
    expect(opened.engine.routes.canary).to.equal(20);
    return opened;
  }

  it('keeps in mind what people ask for until it is done', async () => {
    const { engine, controller, pass, close } = await onTrial();
    engine.failing = 'set-routes';
    await controller.request('abort');
    await pass(1);
    expect(controller.state.phase).to.equal('Progressing');
    engine.failing = '';
    await pass(10);
    expect(controller.state.phase).to.equal('Failed');

    await controller.change('v3', async () => void (engine.spec = 'v3'));
    await pass(1);
    engine.primary = { ready: false, retriable: true, reason: 'one pod is starting' };
    await controller.request('promote');
    await pass(1);
    expect(controller.state.phase).to.equal('Progressing');
    engine.primary = ready;
    await pass(10);
    expect(controller.state.phase).to.equal('Promoting');
    await close();
  });

  it('does not do to a version what was asked for another', async () => {
    const { engine, controller, pass, close } = await onTrial();
    engine.primary = { ready: false, retriable: true, reason: 'one pod is starting' };
    await controller.request('promote');
    await controller.change('v3', async () => void (engine.spec = 'v3'));
    engine.primary = ready;
    await pass(12);
    expect(controller.state).to.include({ phase: 'Progressing', lastApplied: 'v3' });
    await close();
  });

  it('gives no traffic to a version that takes another’s place', async () => {
    const { engine, controller, close } = await onTrial();
    engine.primary = { ready: false, retriable: true, reason: 'one pod is starting' };
    let share = -1;
    await controller.change('v3', async () => {
      share = engine.routes.canary;
      engine.spec = 'v3';
    });
    expect(share).to.equal(0);
    await close();
  });

  it('lets another version in only when none is being promoted', async () => {
    const { engine, controller, pass, close } = await onTrial();
    await pass(30);
    expect(controller.state.phase).to.equal('Promoting');
    const changed = controller.change('v3', async () => {
      engine.done.push(`v3 at ${engine.routes.canary} %`);
      engine.spec = 'v3';
    });
    await pass(9);
    expect(engine.spec).to.equal('v2');
    await pass(12);
    await changed;
    expect(engine.done).to.include('v3 at 0 %');
    expect(controller.state).to.include({ lastPromoted: 'v2', lastApplied: 'v3' });
    await close();
  });

  it('waits neither for ever for a promotion, nor when the engine stops', async () => {
    const { engine, controller, pass, close } = await onTrial();
    await pass(30);
    engine.primary = { ready: false, retriable: true, reason: 'one pod is starting' };
    const refused = controller.change('v3', async () => void (engine.spec = 'v3')).catch(String);
    await pass(1_201);
    expect(await refused).to.include('it is Promoting after 1200 s');
    const stopped = controller.change('v3', async () => void (engine.spec = 'v3')).catch(String);
    await close();
    expect(await stopped).to.include('abort');
    expect(engine.spec).to.equal('v2');
  });

  it('tries a version again that was found bad, and not one that serves', async () => {
    const { engine, controller, pass, close } = await onTrial();
    await controller.request('abort');
    await pass(15);
    expect(controller.state.phase).to.equal('Failed');
    const { started_at: first } = controller.report ?? {};
    await controller.change('v2', async () => undefined);
    expect(controller.state.phase).to.equal('Progressing');
    expect(controller.report).to.include({ to_version: 'v2', outcome: 'running' });
    expect(controller.report?.started_at).not.to.equal(first);
    await controller.request('abort');
    await pass(1);
    await controller.change('v1', async () => void (engine.spec = 'v1'));
    await pass(15);
    expect(controller.state.phase).to.equal('Failed');
    await close();
  });

  it('takes over what serves without a look in between', async () => {
    const { engine, controller, pass, close } = await onTrial();
    const adopted = controller.adopt('v3', async () => void (engine.spec = 'v3'));
    const looked = controller.look();
    await Promise.all([adopted, looked]);
    await pass(15);
    expect(controller.state).to.include({ phase: 'Initialized', lastPromoted: 'v3' });
    expect(engine.done.slice(-2)).to.deep.equal(['set-routes', 'scale-target']);
    expect(controller.report?.outcome).to.equal('replaced');
    await close();
  });

  it('goes on when nothing can be read or kept, and says so', async () => {
    const { engine, controller, pass, close } = open({ disk: 'broken' });
    await pass(1);
    engine.spec = 'v2';
    await pass(80);
    expect(engine.messages.join()).to.include('disk full').and.include('unreadable');
    expect(controller.state.phase).to.equal('Succeeded');
    await close();
  });

  it('ends at once although a hook has not answered, and takes that for no answer', async () => {
    const webhooks = '{ type: rollout, name: judge, url: http://hook }';
    const { engine, controller, pass, close } = await onTrial({ webhooks });
    engine.answerHook = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ ok: false, detail: 'aborted' }));
      });
    await pass(10);
    await close();
    expect(controller.state).to.include({ phase: 'Progressing', weight: 20, failedChecks: 0 });
  });
});
