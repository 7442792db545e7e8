import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { fixture } from '../../test/command.ts';
import { TempDir } from '../../test/temp-dir.ts';
import { loadManifests } from '../manifests/load.ts';
import type { Deployment, Manifests } from '../manifests/model.ts';
import type { JoinMesh } from '../mesh/member.ts';
import { Endpoints } from '../net/endpoints.ts';
import { ProcessGuard } from '../process/guard.ts';
import { Secrets } from '../stores/secrets.ts';
import { Pods, type PodsOptions } from './pods.ts';
import type { Replicas } from './replicas.ts';

describe('the pods of all Deployments', () => {
  const clock = new FakeClock();
  // No pod is made of what is left out.
  const pods = new Pods({ workloads: [], clock } as unknown as PodsOptions);

  /** A Deployment whose pods are ready at once; somebody else asks for `later` meanwhile. */
  function deployment(later?: number): Replicas {
    const replicas = {
      deployment: { service: 'web' },
      desired: 0,
      pods: [{ ready: true }, { ready: true }],
      scale: async (count: number) => void (replicas.desired = later ?? count),
    };
    // All that is looked at.
    return replicas as unknown as Replicas;
  }

  it('are scaled once as many as asked for are ready', async () => {
    await pods.scale(deployment(), 2);
  });

  it('tell when another number has been asked for in between', async () => {
    const failure = await pods.scale(deployment(1), 2).catch(String);
    expect(failure).to.equal('EngineError: scale web to 2: that gave way to 1');
  });
});

const joinNothing: JoinMesh = async ({ ports }) => ({
  outboundUrl: undefined,
  sidecarPid: undefined,
  sidecarAdminUrl: undefined,
  ready: true,
  ports,
  storeUrl: (url) => url,
  setReady: async () => undefined,
  leave: async () => undefined,
});

/** Pods that only sleep, with a volume of their own and one that lasts. */
class Sleepers implements AsyncDisposable {
  readonly dir = new TempDir();
  readonly scratchDir: string = this.dir.join('scratch');
  readonly volumesDir: string = this.dir.join('volumes');
  readonly #guard = new ProcessGuard();
  readonly pods: Pods;

  constructor(manifests: Manifests, template: Deployment) {
    this.pods = new Pods({
      workloads: [{ target: template }],
      around: {
        root: fixture,
        baseTrees: new Map(),
        runtimeDir: this.dir.path,
        scratchDir: this.scratchDir,
        volumesDir: this.volumesDir,
        compileCacheDir: this.dir.join('cache'),
        configMaps: manifests.configMaps,
        secret: () => undefined,
        env: {},
      },
      secrets: new Secrets({ manifests, env: {}, dir: this.dir.join('secrets') }),
      logsDir: this.dir.join('logs'),
      clock: systemClock,
      guard: this.#guard,
      endpoints: new Endpoints(systemClock),
      joinMesh: joinNothing,
      takenPorts: new Set(),
      onChange: () => undefined,
    });
  }

  static async start(count: number): Promise<Sleepers> {
    const manifests = await loadManifests(fixture);
    const [echo] = manifests.deployments;
    if (echo === undefined) throw new Error('the fixture has no Deployment');
    const sleepers = new Sleepers(manifests, {
      ...echo,
      replicas: count,
      command: ['sleep', '600'],
      env: [],
      probes: {},
      mounts: [
        { volume: 'own', mountPath: '/own', claim: undefined },
        { volume: 'kept', mountPath: '/kept', claim: 'kept' },
      ],
    });
    await sleepers.pods.start();
    await sleepers.pods.untilReady();
    return sleepers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pods.stop();
    this.#guard.close();
    this.dir[Symbol.dispose]();
  }
}

describe('the volumes of a pod', () => {
  it('last as long as the pod, unless they are claimed', async () => {
    await using sleepers = await Sleepers.start(2);
    const { pods, scratchDir, volumesDir } = sleepers;
    const [first, second] = pods.all.map(({ name }) => name);
    for (const name of [first, second]) {
      writeFileSync(join(scratchDir, name ?? '', 'own', 'file'), 'something');
    }
    await pods.find('echo').serving.scale(1);
    expect(readdirSync(scratchDir)).to.deep.equal([first]);
    await pods.stop();
    expect(readdirSync(scratchDir)).to.deep.equal([]);
    expect(existsSync(join(volumesDir, 'kept'))).to.equal(true);
  });
});
