import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { EngineError } from '../engine-error.ts';
import type { Pods } from '../pods/pods.ts';
import { followPods } from './follow-pods.ts';
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
`;

describe('autoscalers of the pods that run here', () => {
  it('tell when a Deployment cannot be scaled, and go on', async () => {
    const clock = new FakeClock();
    const scale = () => Promise.reject(new EngineError('the engine stops'));
    const serving = { desired: 1, pods: [], scale };
    const problems: string[] = [];
    const autoscaling = followPods({
      autoscalers: parseAutoscalers([{ file: 'a.yaml', text: manifest }]),
      // All that is asked of them.
      pods: { find: () => ({ serving }) } as unknown as Pods,
      clock,
      metrics: () => ({ query: async () => 70 }),
      onScale: () => undefined,
      onProblem: (service, reason) => void problems.push(`${service}: ${reason}`),
    });
    autoscaling.start();
    for (let second = 0; second < 60; second += 1) await clock.advance(1_000);
    await autoscaling.stop();
    expect(problems[0]).to.equal('worker: scale to 4: the engine stops');
    expect(problems).to.have.length.greaterThan(1);
  });
});
