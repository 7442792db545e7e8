import { resolve } from 'node:path';
import { ManifestError } from '@faultline/mesh-control/manifests/problem';
import { expect } from 'chai';
import { loadManifests } from '../manifests/load.ts';
import { loadAutoscalers, parseAutoscalers } from './load.ts';

const root = resolve(import.meta.dirname, '../../..');

const horizontal = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  maxReplicas: 9
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } }
`;

const scaledObject = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: worker }
spec:
  scaleTargetRef: { name: worker }
  minReplicaCount: 2
  maxReplicaCount: 5
  triggers:
    - type: prometheus
      name: jobs
      metadata: { serverAddress: http://p, query: 'sum(lag{namespace="shop"})', threshold: "20" }
    - type: cpu
      metricType: AverageValue
      metadata: { value: 600m, containerName: worker }
`;

const read = (text: string) => parseAutoscalers([{ file: 'a.yaml', text }])[0];

function problemsOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  return '';
}

describe('an autoscaler’s manifest', () => {
  it('has Kubernetes’ defaults', () => {
    expect(read(horizontal)).to.deep.equal({
      name: 'web',
      target: 'web',
      min: 1,
      max: 9,
      metrics: [{ kind: 'cpu', container: undefined, target: { kind: 'utilization', share: 0.7 } }],
      up: {
        stabilizationWindowMs: 0,
        select: 'Max',
        policies: [
          { kind: 'Pods', value: 4, periodMs: 15_000 },
          { kind: 'Percent', value: 100, periodMs: 15_000 },
        ],
      },
      down: {
        stabilizationWindowMs: 300_000,
        select: 'Max',
        policies: [{ kind: 'Percent', value: 100, periodMs: 15_000 }],
      },
      intervalMs: 15_000,
      initializationMs: 300_000,
      initialReadinessMs: 30_000,
    });
  });

  it('may be KEDA’s, whose triggers become metrics', () => {
    expect(read(scaledObject)?.metrics).to.deep.equal([
      {
        kind: 'external',
        name: 'jobs',
        query: 'sum(lag{namespace="default"})',
        target: { kind: 'average-value', value: 20 },
      },
      { kind: 'cpu', container: 'worker', target: { kind: 'average-value', value: 0.6 } },
    ]);
  });

  it('may say what is different on one machine, where all its times run at one pace', () => {
    const annotations =
      'annotations: { faultline.dev/local-interval: 3s, faultline.dev/local-max-replicas: "4" }';
    const there = read(scaledObject.replace('name: worker }', `name: worker, ${annotations} }`));
    expect(there).to.deep.include({ min: 2, max: 4, intervalMs: 3_000, initializationMs: 60_000 });
    expect(there?.down.stabilizationWindowMs).to.equal(60_000);
    expect(there?.up.policies[0]?.periodMs).to.equal(3_000);
  });

  it('is refused with file, line and reason for what cannot be followed', () => {
    expect(problemsOf(horizontal.replace('name: cpu', 'name: memory'))).to.equal(
      'a.yaml:9:19 spec.metrics[0].resource.name: expected cpu: the local engine measures nothing else',
    );
    expect(problemsOf(`${horizontal}  behavior: { scaleUp: { tolerance: 0.2 } }`)).to.include(
      'spec.behavior.scaleUp.tolerance: not supported by the local engine',
    );
    expect(problemsOf(horizontal.replace('Utilization,', 'AverageValue,'))).to.include(
      'averageValue with AverageValue',
    );
    expect(problemsOf(horizontal.replace('9', '9\n  minReplicas: 10'))).to.include(
      'no more replicas at least than at most',
    );
    const annotated = (text: string) =>
      problemsOf(horizontal.replace('name: web }', `name: web, annotations: { ${text} } }`));
    expect(annotated('faultline.dev/local-speed: "2"')).to.include('expected one of faultline');
    expect(annotated('faultline.dev/local-interval: soon')).to.include('expected a duration');
    expect(annotated('faultline.dev/local-max-replicas: many')).to.include('expected 1 to 99');
    expect(problemsOf(scaledObject.replace('threshold: "20"', 'threshold: "0"'))).to.include(
      'expected more than 0',
    );
    expect(problemsOf('kind: Pod')).to.include('expected HorizontalPodAutoscaler or ScaledObject');
  });
});

describe('the shop’s autoscalers', () => {
  it('are one for each Deployment that people change, and fit on one machine', async () => {
    const autoscalers = await loadAutoscalers(root);
    const { deployments } = await loadManifests(root);
    // It stands for somebody outside.
    const ours = deployments.map(({ name }) => name).filter((name) => name !== 'payment-provider');
    expect(autoscalers.map(({ target }) => target)).to.have.members(ours);
    for (const { min, max } of autoscalers) {
      expect(min).to.equal(1);
      expect(max).to.be.within(2, 4);
    }
  });
});
