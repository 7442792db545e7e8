import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { Autoscaling } from './autoscaling.ts';
import { parseAutoscalers } from './load.ts';

const manifest = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: worker, annotations: { faultline.dev/local-interval: 3s } }
spec:
  scaleTargetRef: { name: worker }
  minReplicaCount: 1
  maxReplicaCount: 4
  triggers:
    - type: prometheus
      name: jobs
      metadata: { serverAddress: http://p, query: lag, threshold: "20" }
    - type: cpu
      metricType: AverageValue
      metadata: { value: 600m }
`;

/** A Deployment whose pods are ready at once, each with a process and a sidecar. */
class World {
  desired = 1;
  jobs: number | undefined = 0;
  /** Cores that each of its processes uses. */
  cores = 0;
  readonly scaled: string[] = [];
  readonly clock = new FakeClock();
  readonly autoscaling = new Autoscaling({
    autoscalers: parseAutoscalers([{ file: 'a.yaml', text: manifest }]),
    clock: this.clock,
    ports: {
      look: () => ({ desired: this.desired, pods: this.#pods() }),
      scale: async (target, count, reason) => {
        this.desired = count;
        this.scaled.push(`${target} ${count}: ${reason}`);
      },
      query: async () => this.jobs,
      processTimes: async () => this.#times(),
    },
  });
  readonly #startMs = this.clock.monotonic();

  #pods() {
    return Array.from({ length: this.desired }, (_, index) => {
      const [pid, sidecarPid] = [index * 2 + 1, index * 2 + 2];
      const name = `pod-${index}`;
      return { name, ready: true, leaving: false, pid, sidecarPid, requestCpu: undefined };
    });
  }

  #times() {
    const pids = Array.from({ length: 8 }, (_, index) => index + 1);
    const seconds = (this.cores * (this.clock.monotonic() - this.#startMs)) / 1_000;
    return new Map(pids.map((pid) => [pid, { parent: 0, seconds }]));
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) await this.clock.advance(1_000);
  }
}

describe('autoscaling', () => {
  let world: World;

  beforeEach(() => (world = new World()));
  afterEach(() => world.autoscaling.stop());

  it('does nothing until it is switched on, and nothing after it is switched off', async () => {
    world.jobs = 70;
    await world.pass(10);
    expect(world.scaled).to.deep.equal([]);
    expect(world.autoscaling.statusOf('worker')).to.equal(undefined);
    world.autoscaling.start();
    await world.pass(4);
    await world.autoscaling.stop();
    world.jobs = 0;
    await world.pass(600);
    expect(world.scaled).to.have.length(1);
  });

  it('grows with the queue, and shrinks when that has been short for the window', async () => {
    world.autoscaling.start();
    await world.pass(7);
    expect(world.scaled).to.deep.equal([]);
    world.jobs = 70;
    await world.pass(3);
    expect(world.scaled).to.deep.equal(['worker 4: jobs is 70, 20 for each instance']);
    world.jobs = 0;
    await world.pass(57);
    expect(world.desired).to.equal(4);
    expect(world.autoscaling.statusOf('worker')).to.include({ min: 1, max: 4 });
    await world.pass(9);
    expect(world.desired).to.equal(1);
  });

  it('grows with what its processes and their sidecars use', async () => {
    world.cores = 0.5;
    world.autoscaling.start();
    await world.pass(15);
    expect(world.scaled).to.deep.equal([
      'worker 2: processor time is 1000m for each instance, the target is 600m',
      'worker 4: processor time is 1000m for each instance, the target is 600m',
    ]);
  });

  it('takes back at the next look what somebody asked for by hand', async () => {
    world.autoscaling.start();
    await world.pass(62);
    world.desired = 3;
    await world.pass(3);
    expect(world.desired).to.equal(1);
  });

  it('holds still and says so while the queue cannot be read', async () => {
    world.desired = 3;
    world.jobs = undefined;
    world.autoscaling.start();
    await world.pass(120);
    expect(world.desired).to.equal(3);
    expect(world.autoscaling.statusOf('worker')?.reason).to.contain('jobs: it has no value');
  });
});
