import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import type { Deployment } from '../manifests/model.ts';
import type { Pod } from './pod.ts';
import { Replicas } from './replicas.ts';

type FakePod = {
  name: string;
  deployment: Deployment;
  state: string;
  ready: boolean;
  readonly readyMs: number;
  isHopeless: boolean;
  howItEnds: string;
  start(): void;
  stop(): Promise<void>;
};

/** Of it only what a Deployment looks at. */
function template(version: string, minReadyMs = 0): Deployment {
  const strategy = {
    kind: 'rolling',
    maxSurge: 1,
    maxUnavailable: 0,
    minReadyMs,
    progressDeadlineMs: 10_000,
  };
  return { name: 'web', version, templateHash: version, strategy } as unknown as Deployment;
}

/** Pods that are ready, or broken, as their version is. */
function open(first: Deployment) {
  const clock = new FakeClock();
  const versions: Record<string, 'ready' | 'never' | 'hopeless'> = {};
  const made: FakePod[] = [];
  let leave = Promise.resolve();
  const create = async (deployment: Deployment): Promise<Pod> => {
    const how = versions[deployment.version] ?? 'ready';
    const pod: FakePod = {
      name: `web-${deployment.version}`,
      deployment,
      state: 'Running',
      ready: how === 'ready',
      get readyMs() {
        return this.ready ? 1_000 : 0;
      },
      isHopeless: how === 'hopeless',
      howItEnds: 'it ended 3 times: exit code 1',
      start: () => undefined,
      async stop() {
        pod.state = 'Terminating';
        await leave;
        pod.state = 'Stopped';
      },
    };
    made.push(pod);
    // The rest of a pod is its process.
    return pod as unknown as Pod;
  };
  const replicas = new Replicas(first, { create, clock });
  const pass = async (seconds: number) => {
    for (let done = 0; done < seconds * 10; done += 1) {
      await clock.advance(100);
      await new Promise(setImmediate);
    }
  };
  const running = () =>
    replicas.pods.filter(({ state }) => state === 'Running').map(({ name }) => name);
  const setReady = (ready: boolean) => made.forEach((pod) => (pod.ready = ready));
  /** Lets pods take their time to end until what it answers is called. */
  const holdLeaving = () => {
    const held = Promise.withResolvers<void>();
    leave = held.promise;
    return held.resolve;
  };
  return { replicas, versions, pass, running, setReady, holdLeaving };
}

describe('the pods of a Deployment', () => {
  it('are replaced by those of another template', async () => {
    const { replicas, pass, running } = open(template('1'));
    await Promise.all([replicas.scale(2), pass(1)]);
    await Promise.all([replicas.roll(template('2')), pass(2)]);
    expect(running()).to.deep.equal(['web-2', 'web-2']);
    expect(replicas.status).to.deep.include({ desired: 2, total: 2, updated: 2, available: 2 });
    await replicas.stop();
  });

  it('stay when the others do not get ready in time, which is told', async () => {
    const { replicas, versions, pass, running } = open(template('1'));
    versions['2'] = 'never';
    await Promise.all([replicas.scale(1), pass(1)]);
    const failure = replicas.roll(template('2')).catch(String);
    await pass(5);
    expect(replicas.status).to.include({ updated: 1, available: 0, deadlineExceeded: false });
    await pass(6);
    expect(await failure).to.include('web-2: no progress for 10 s');
    expect(replicas.status.deadlineExceeded).to.equal(true);
    expect(running()).to.deep.equal(['web-1', 'web-2']);
    await Promise.all([replicas.roll(template('1')), pass(1)]);
    expect(running()).to.deep.equal(['web-1']);
    await replicas.stop();
  });

  it('are no failed update when one is unready after the update was complete', async () => {
    const { replicas, pass, setReady } = open(template('1'));
    await Promise.all([replicas.scale(2), pass(1)]);
    await Promise.all([replicas.roll(template('2')), pass(2)]);
    await pass(60);
    setReady(false);
    expect(replicas.status).to.include({ available: 0, deadlineExceeded: false });
    await pass(60);
    expect(replicas.status).to.include({ available: 0, deadlineExceeded: false });
    await replicas.stop();
  });

  it('make the update complete even while nobody looks', async () => {
    const { replicas, versions, pass, setReady } = open(template('1'));
    versions['1'] = 'never';
    await Promise.all([replicas.scale(1), pass(1)]);
    setReady(true);
    await pass(1);
    setReady(false);
    await pass(60);
    expect(replicas.status).to.include({ available: 0, deadlineExceeded: false });
    await replicas.stop();
  });

  it('are held to the deadline again in the next update', async () => {
    const { replicas, versions, pass } = open(template('1'));
    versions['2'] = 'never';
    await Promise.all([replicas.scale(1), pass(60)]);
    replicas.replace(template('2'));
    await pass(5);
    expect(replicas.status.deadlineExceeded).to.equal(false);
    await pass(6);
    expect(replicas.status.deadlineExceeded).to.equal(true);
    await replicas.stop();
  });

  it('are not waited for when they keep ending', async () => {
    const { replicas, versions, pass } = open(template('1'));
    versions['2'] = 'hopeless';
    await Promise.all([replicas.scale(1), pass(1)]);
    const failure = replicas.roll(template('2')).catch(String);
    await pass(1);
    expect(await failure).to.include('web-2: it ended 3 times: exit code 1');
    await replicas.stop();
  });

  it('give way to a third template while they are being replaced', async () => {
    const { replicas, versions, pass, running } = open(template('1'));
    versions['2'] = 'never';
    await Promise.all([replicas.scale(1), pass(1)]);
    const second = replicas.roll(template('2')).catch(String);
    await pass(1);
    const third = replicas.roll(template('3'));
    await pass(2);
    expect(await second).to.include('version 2 gave way to 3');
    await third;
    expect(running()).to.deep.equal(['web-3']);
    await replicas.stop();
  });

  it('are not waited for when another number of them is asked for', async () => {
    const { replicas, pass, running, holdLeaving } = open(template('1'));
    await Promise.all([replicas.scale(2), pass(1)]);
    const leave = holdLeaving();
    const down = replicas.scale(1);
    await pass(1);
    const up = replicas.scale(3);
    await pass(1);
    await down;
    leave();
    await Promise.all([up, pass(1)]);
    expect(running()).to.deep.equal(['web-1', 'web-1', 'web-1']);
    await replicas.stop();
  });

  it('are waited for by nobody when the engine stops', async () => {
    const { replicas, versions, pass, running } = open(template('1'));
    versions['2'] = 'never';
    await Promise.all([replicas.scale(1), pass(1)]);
    const told: string[] = [];
    const tell = (error: unknown) => void told.push(String(error));
    const rolled = replicas
      .roll(template('2'))
      .catch(tell)
      .then(() => replicas.roll(template('1')).catch(tell));
    await pass(1);
    await replicas.stop();
    await rolled;
    await replicas.scale(2).catch(tell);
    expect(told).to.deep.equal(Array(3).fill('EngineError: the engine stops'));
    expect(replicas.desired).to.equal(0);
    expect(running()).to.deep.equal([]);
  });

  it('count only when they have been ready for long enough', async () => {
    const { replicas, pass } = open(template('1', 5_000));
    await Promise.all([replicas.scale(1), pass(1)]);
    expect(replicas.status).to.include({ total: 1, available: 0 });
    expect(replicas.status.unavailableMs).to.be.greaterThan(0);
    await replicas.stop();
  });
});
