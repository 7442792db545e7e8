import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import type { Deployment } from '../manifests/model.ts';
import type { Pod } from '../pods/pod.ts';
import { Replicas } from '../pods/replicas.ts';
import { Workload } from '../pods/workload.ts';
import { CanaryRoutes } from './canary-routes.ts';
import { Deployed } from './deployed.ts';
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

/** Pods that are ready at once, but for the names that `isBroken` knows. */
async function open(dir: string, versions = { primary: 'v1', target: 'v1' }) {
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
  const routes = new CanaryRoutes(join(dir, 'routes'));
  const deployed = new Deployed(join(dir, 'deployed.json'));
  await routes.reset([canary]);
  const rollout = new Rollout({
    canary,
    workload,
    primary,
    routes,
    follow: () => engine.follow(),
    metrics: { query: async () => 100 },
    dir,
    clock,
    strict: false,
    intervalMs: undefined,
    onPromoted: (version) => deployed.set('podinfo', { serving: version }),
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
  // Files are written in real time.
  const until = async (isSo: () => boolean) => {
    for (let tries = 0; tries < 1_000 && !isSo(); tries += 1) await pass(1);
    expect(isSo(), `${rollout.phase}: ${events.slice(-4).join('; ')}`).to.equal(true);
  };
  void primary.scale(1);
  const running = rollout.run();
  await until(() => rollout.phase === 'Initialized');
  const deploy = (version: string) =>
    rollout.try(template(version), () => deployed.set('podinfo', { target: version }));
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
  let dir: TempDir;

  beforeEach(() => (dir = new TempDir()));
  afterEach(() => dir[Symbol.dispose]());

  it('give the primary its version and its traffic back when a promotion fails', async () => {
    const { engine, rollout, workload, primary, deployed, deploy, until, close } = await open(
      dir.path,
    );
    engine.isBroken = (name, version) => name === 'podinfo-primary' && version === 'v2';
    await deploy('v2');
    await until(() => rollout.phase === 'Failed');
    expect(rollout.weights).to.deep.equal({ primary: 0, canary: 100 });
    expect(deployed.of('podinfo')).to.deep.equal({ serving: 'v1', target: 'v2' });
    await until(() => rollout.weights.canary === 0);
    expect(primary.deployment.version).to.equal('v1');
    await until(() => workload.target.pods.every(({ state }) => state === 'Stopped'));

    await deploy('v3');
    await until(() => rollout.phase === 'Succeeded');
    expect(primary.deployment.version).to.equal('v3');
    await close();
  });

  it('let no version in that comes while another is promoted', async () => {
    const { rollout, primary, deployed, deploy, until, close } = await open(dir.path);
    await deploy('v2');
    await until(() => rollout.phase === 'Promoting');
    const third = deploy('v3');
    await until(() => rollout.status.report?.to_version === 'v3');
    await third;
    expect(primary.deployment.version).to.equal('v2');
    expect(deployed.of('podinfo')).to.deep.equal({ serving: 'v2', target: 'v3' });
    await until(() => rollout.phase === 'Succeeded');
    expect(primary.deployment.version).to.equal('v3');
    await close();
  });

  it('keep the pods of a version until its calls are known to go elsewhere', async () => {
    const { engine, rollout, workload, deploy, until, pass, close } = await open(dir.path);
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

  it('begin anew where what was kept cannot be read, without promoting what was not', async () => {
    for (const [versions, content] of [
      [{ primary: 'v1', target: 'v2' }, ''],
      [{ primary: 'v1', target: 'v1' }, '{ "state": '],
    ] as const) {
      await mkdir(dir.join('reports'), { recursive: true });
      await writeFile(dir.join('podinfo.json'), content);
      await writeFile(dir.join('reports', 'podinfo.json'), content);
      const { rollout, primary, events, deploy, until, close } = await open(dir.path, versions);
      expect(events[0]).to.include('begin anew without').and.include('podinfo.json');
      expect(rollout.status).to.include({ phase: 'Initialized', weight: 0 });
      await deploy('v2');
      await until(() => rollout.phase === 'Succeeded');
      expect(primary.deployment.version).to.equal('v2');
      await close();
      const kept = await readFile(dir.join('reports', 'podinfo.json'), 'utf8');
      expect(JSON.parse(kept)).to.have.length(1);
    }
  });
});
