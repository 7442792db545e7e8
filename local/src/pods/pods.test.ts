import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
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
