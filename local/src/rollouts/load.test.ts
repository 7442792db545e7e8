import { resolve } from 'node:path';
import { loadMeshManifests } from '@faultline/mesh-control/manifests/load';
import { ManifestError } from '@faultline/mesh-control/manifests/problem';
import { expect } from 'chai';
import { loadManifests } from '../manifests/load.ts';
import { intervalMsOf, metricsOf } from './canary.ts';
import { loadCanaries, parseCanaries } from './load.ts';
import { routeOf } from './route.ts';

const root = resolve(import.meta.dirname, '../../..');

const head = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: podinfo, namespace: test }
spec:
  targetRef: { name: podinfo }
`;
const service =
  '  service: { port: 80, gatewayRefs: [{ group: core, kind: Service, name: podinfo }] }\n';

function problemsOf(text: string): string[] {
  try {
    parseCanaries([{ file: 'c.yaml', text }]);
  } catch (error) {
    if (error instanceof ManifestError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('a Canary', () => {
  it('has Flagger’s defaults', () => {
    const text = `${head}${service}  analysis: { stepWeight: 10 }\n`;
    const [canary] = parseCanaries([{ file: 'c.yaml', text }]);
    expect(canary).to.deep.include({
      provider: 'gatewayapi:v1beta1',
      services: { apex: 'podinfo', primary: 'podinfo-primary', canary: 'podinfo-canary' },
      strategy: { kind: 'canary', stepWeight: 10, stepWeights: [], maxWeight: 100 },
      intervalMs: 60_000,
      threshold: 1,
      stepWeightPromotion: 0,
      progressDeadlineSeconds: 600,
      readyThreshold: { primary: 100, canary: 100 },
      skipAnalysis: false,
      suspended: false,
    });
  });

  it('without an analysis is promoted without one', () => {
    const [canary] = parseCanaries([{ file: 'c.yaml', text: head + service }]);
    expect(canary?.skipAnalysis).to.equal(true);
  });

  it('is looked at no more often than Flagger does, unless annotations say so for one machine', () => {
    const text = `${head}${service}  analysis:
    interval: 5s
    stepWeight: 10
    metrics: [{ name: request-success-rate, interval: 1m, thresholdRange: { min: 99 } }]
`.replace(
      'namespace: test',
      'namespace: test, annotations: { faultline.dev/local-interval: 1s, faultline.dev/local-metric-interval: 8s }',
    );
    const [canary] = parseCanaries([{ file: 'c.yaml', text }]);
    if (!canary) throw new Error('there is no canary');
    expect(intervalMsOf(canary, { strict: true })).to.equal(10_000);
    expect(intervalMsOf(canary, { strict: false })).to.equal(1_000);
    expect(metricsOf(canary, { strict: true })[0]?.interval).to.equal('1m');
    expect(metricsOf(canary, { strict: false })[0]?.interval).to.equal('8s');
  });

  it('is refused with file, line and reason for what Linkerd or the engine cannot do', () => {
    const text = `${head}  service:
    port: 80
    gatewayRefs: [{ group: core, kind: Service, name: podinfo }]
    rewrite: { uri: / }
    unheardOf: 1
  analysis:
    stepWeight: 10
    mirror: true
    metrics:
      - name: own
        thresholdRange: { min: 99 }
      - name: named
        thresholdRange: { min: 99 }
        templateRef: { name: nowhere }
`;
    expect(problemsOf(text)).to.deep.equal([
      'c.yaml:9:5 spec.service.rewrite: Linkerd drops a route that rewrites: it has no such filter',
      'c.yaml:10:5 spec.service.unheardOf: not supported by the local engine',
      'c.yaml:13:5 spec.analysis.mirror: Linkerd drops a route with a mirror: it has no such filter',
    ]);
    const fixed = text.replace(/ +(rewrite|unheardOf|mirror): .*\n/g, '');
    expect(problemsOf(fixed)).to.deep.equal([
      "c.yaml:12:9 spec.analysis.metrics[0].name: 'own' is not built in: expected a templateRef",
      'c.yaml:16:9 spec.analysis.metrics[1].templateRef: there is no MetricTemplate test/nowhere',
    ]);
  });

  it('is refused when it would never end, or means nothing', () => {
    const withAnalysis = (analysis: string) =>
      problemsOf(`${head}${service}  analysis: ${analysis}\n`).join();
    expect(withAnalysis('{ interval: 10s }')).to.include('it would never end');
    expect(withAnalysis('{ stepWeights: [10, 10] }')).to.include('expected weights that grow');
    expect(withAnalysis('{ stepWeight: 1, match: [{ headers: {} }] }')).to.include(
      'counts only with iterations',
    );
    expect(withAnalysis('{ stepWeight: 1, interval: soon }')).to.include('expected a duration');
    expect(
      withAnalysis('{ stepWeight: 1, metrics: [{ name: request-duration, thresholdRange: {} }] }'),
    ).to.include('expected min or max');
    const gateway = service.replace('kind: Service', 'kind: Gateway');
    expect(problemsOf(head + gateway).join()).to.include('Linkerd implements no Gateways');
    const twice = `${head}${service}---\n${head.replace('name: podinfo,', 'name: other,')}${service}`;
    expect(problemsOf(twice).join()).to.include(
      'another Canary has the Deployment podinfo already',
    );
    expect(problemsOf('kind: Deployment').join()).to.include('expected Canary or MetricTemplate');
    const annotated = head.replace(
      'test }',
      'test, annotations: { faultline.dev/local-speed: 1s } }',
    );
    expect(problemsOf(annotated + service).join()).to.include(
      'expected one of faultline.dev/local-',
    );
  });

  it('is refused with a template that cannot be filled in', () => {
    const template = `apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: m }
spec:
  provider: { type: prometheus }
  query: up{job="{{ if target }}"}
`;
    expect(problemsOf(template).join()).to.include('c.yaml:6:3 spec.query: expected {{ name |');
  });
});

describe('the shop’s Canaries', () => {
  it('are one for each Service, and are what the mesh can route', async () => {
    const canaries = await loadCanaries(root, [resolve(root, 'mesh/canary')]);
    const { deployments, services } = await loadManifests(root);
    const targets = canaries.map(({ target }) => target);
    // It stands for somebody outside.
    const ours = services.map(({ name }) => name).filter((name) => name !== 'payment-provider');
    expect(targets).to.have.members(ours);
    expect(deployments.map(({ name }) => name)).to.include.members(targets);
    for (const canary of canaries) {
      const route = routeOf(canary, { primary: 100, canary: 0 });
      expect(route.spec.parentRefs).to.deep.equal([
        { group: 'core', kind: 'Service', name: canary.target, port: 80 },
      ]);
    }
    const { manifests } = await loadMeshManifests({ root, dirs: [resolve(root, 'mesh/routes')] });
    expect(manifests.routes.map(({ ref }) => ref.name)).not.to.include.members(targets);
  });
});
