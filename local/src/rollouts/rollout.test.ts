import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import type { Deployment } from '../manifests/model.ts';
import type { Pod } from '../pods/pod.ts';
import { Replicas } from '../pods/replicas.ts';
import { Workload } from '../pods/workload.ts';
import { allToPrimary } from './ledger.ts';
import type { SavedRollout } from './ports.ts';
import { Rollout } from './rollout.ts';
import { primaryTemplate } from './templates.ts';
import { canaryOf } from './testing/world.ts';

const canary = canaryOf('{ interval: 10s, stepWeight: 50, maxWeight: 50, threshold: 2 }');
const strategy = { kind: 'rolling', maxSurge: 1, maxUnavailable: 0, minReadyMs: 0 };
const labels = { app: 'podinfo' };

/** Of it only what a rollout looks at. */
function template(version: string): Deployment {
  const name = 'podinfo';
  return {
    name,
    service: name,
    version,
    templateHash: version,
    replicas: 1,
    selector: labels,
    podLabels: labels,
    strategy: { ...strategy, progressDeadlineMs: 20_000 },
  } as unknown as Deployment;
}

/** Pods in memory that are ready at once, but for those that `isBroken` knows. */
async function open(versions = { primary: 'v1', target: 'v1' }) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const events: string[] = [];
  const engine = { isBroken: (_name: string, _version: string) => false, follow: async () => {} };
  const create = async (deployment: Deployment): Promise<Pod> => {
    const ready = !engine.isBroken(deployment.name, deployment.version);
    const pod = {
      name: `${deployment.name}-${deployment.version}`,
      deployment,
      state: 'Running',
      ready,
      readyMs: ready ? 1_000 : 0,
      isHopeless: false,
      start: () => undefined,
      stop: async () => void (pod.state = 'Stopped'),
    };
    // The rest of a pod is its process.
    return pod as unknown as Pod;
  };
  const primary = new Replicas(primaryTemplate(template(versions.primary)), { create, clock });
  const workload = new Workload(
    new Replicas(template(versions.target), { create, clock }),
    primary,
  );
  const deployed: { serving?: string; target?: string } = {};
  let weights = allToPrimary;
  let saved: SavedRollout | undefined;
  const rollout = new Rollout({
    canary,
    workload,
    primary,
    routes: {
      weightsOf: () => weights,
      async set(_canary, next, follow) {
        await follow();
        weights = next;
        return true;
      },
    },
    follow: () => engine.follow(),
    metrics: { query: async () => 100 },
    files: {
      load: async () => saved,
      save: async (next) => void (saved = next),
      reports: async () => [],
    },
    clock,
    strict: false,
    intervalMs: undefined,
    onPromoted: async (version) => void (deployed.serving = version),
    noteChange: () => undefined,
    onEvent: (_phase, message) => events.push(message),
    signal: stop.signal,
  });
  const pass = async (seconds: number) => {
    for (let done = 0; done < seconds * 10; done += 1) {
      await clock.advance(100);
      await new Promise(setImmediate);
    }
  };
  const until = async (isSo: () => boolean) => {
    for (let tries = 0; tries < 200 && !isSo(); tries += 1) await pass(1);
    expect(isSo(), `${rollout.phase}: ${events.slice(-4).join('; ')}`).to.equal(true);
  };
  void primary.scale(1);
  const running = rollout.run();
  await until(() => rollout.phase === 'Initialized');
  const deploy = (version: string) =>
    rollout.try(template(version), async () => void (deployed.target = version));
  const close = async () => {
    stop.abort(new Error('the engine stops'));
    await running;
    const stopped = Promise.all(workload.replicas.map((replicas) => replicas.stop()));
    await pass(1);
    await stopped;
  };
  return { engine, rollout, workload, primary, deployed, events, deploy, until, pass, close };
}

describe('the rollouts of a service', () => {
  it('give the primary its version and its traffic back when a promotion fails', async () => {
    const { engine, rollout, workload, primary, deployed, deploy, until, close } = await open();
    engine.isBroken = (name, version) => name === 'podinfo-primary' && version === 'v2';
    await deploy('v2');
    await until(() => rollout.phase === 'Failed');
    expect(rollout.weights).to.deep.equal({ primary: 0, canary: 100 });
    expect(deployed).to.deep.equal({ serving: 'v1', target: 'v2' });
    await until(() => rollout.weights.canary === 0);
    expect(primary.deployment.version).to.equal('v1');
    await until(() => workload.target.pods.every(({ state }) => state === 'Stopped'));

    await deploy('v3');
    await until(() => rollout.phase === 'Succeeded');
    expect(primary.deployment.version).to.equal('v3');
    await close();
  });

  it('let no version in while one whose promotion failed has all traffic', async () => {
    const { engine, rollout, workload, primary, deploy, until, pass, close } = await open();
    engine.isBroken = (name, version) => name === 'podinfo-primary' && version === 'v2';
    await deploy('v2');
    await until(() => rollout.phase === 'Promoting');
    const before = primary.pods.filter(({ deployment }) => deployment.version === 'v1');
    for (const pod of before) pod.ready = false;
    await until(() => rollout.phase === 'Failed');
    const third = deploy('v3');
    await pass(30);
    expect(rollout.weights.canary).to.equal(100);
    expect(workload.target.deployment.version).to.equal('v2');
    for (const pod of before) pod.ready = true;
    await until(() => rollout.phase === 'Succeeded');
    await third;
    expect(primary.deployment.version).to.equal('v3');
    await close();
  });

  it('give the primary its version back when another is to take over', async () => {
    const { engine, rollout, primary, deployed, deploy, until, close } = await open();
    engine.isBroken = (name, version) => name === 'podinfo-primary' && version === 'v2';
    await deploy('v2');
    await until(() => rollout.phase === 'Promoting');
    await rollout.giveWay();
    expect(rollout.phase).to.equal('Failed');
    expect(primary.deployment.version).to.equal('v1');
    expect(deployed.serving).to.equal('v1');
    await close();
  });

  it('let no version in that comes while another is promoted', async () => {
    const { rollout, primary, deployed, deploy, until, close } = await open();
    await deploy('v2');
    await until(() => rollout.phase === 'Promoting');
    const third = deploy('v3');
    await until(() => rollout.status.report?.to_version === 'v3');
    await third;
    expect(primary.deployment.version).to.equal('v2');
    expect(deployed).to.deep.equal({ serving: 'v2', target: 'v3' });
    await until(() => rollout.phase === 'Succeeded');
    expect(primary.deployment.version).to.equal('v3');
    await close();
  });

  it('keep the pods of a version until its calls are known to go elsewhere', async () => {
    const { engine, rollout, workload, deploy, until, pass, close } = await open();
    await deploy('v2');
    await until(() => rollout.weights.canary === 50);
    engine.follow = async () => {
      throw new Error('the mesh cannot be reloaded');
    };
    await rollout.request('abort');
    await pass(25);
    expect(workload.target.desired).to.equal(1);
    engine.follow = async () => {};
    await until(() => rollout.phase === 'Failed');
    expect(rollout.weights.canary).to.equal(0);
    await close();
  });

  it('begin without knowing anything with what serves, not with what was deployed', async () => {
    const { rollout, primary, deploy, until, close } = await open({ primary: 'v1', target: 'v2' });
    expect(rollout.status).to.include({ phase: 'Initialized', weight: 0 });
    await deploy('v2');
    await until(() => rollout.phase === 'Succeeded');
    expect(primary.deployment.version).to.equal('v2');
    await close();
  });
});
