import { expect } from 'chai';
import { renderEnvironment, services } from './support/overlays.ts';
import { splitImage } from './support/kustomize.ts';
import { readResources, type Resources, workloads } from './support/resources.ts';

describe('in production', function () {
  this.timeout(60_000);
  let all: Resources;

  before(() => {
    all = readResources(renderEnvironment('prod')).resources;
  });

  const shop = () =>
    workloads(all).filter(({ namespace, kind }) => namespace === 'shop' && kind !== 'Job');

  it('every service has three replicas at least, in different zones', () => {
    const least = new Map([
      ...all.HorizontalPodAutoscaler.map(
        ({ spec }) => [spec.scaleTargetRef.name, spec.minReplicas] as const,
      ),
      ...all.ScaledObject.map(
        ({ spec }) => [spec.scaleTargetRef.name, spec.minReplicaCount] as const,
      ),
    ]);
    expect([...least.keys()].toSorted()).to.deep.equal(services);
    expect(Math.min(...least.values())).to.equal(3);
    for (const { template } of shop()) {
      expect(template.spec.topologySpreadConstraints).to.deep.include.members([
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'DoNotSchedule',
          matchLabelKeys: ['app.kubernetes.io/name', 'pod-template-hash'],
          labelSelector: {
            matchLabels: { 'app.kubernetes.io/part-of': 'faultline' },
            matchExpressions: [],
          },
        },
      ]);
    }
  });

  it('nobody but the autoscaler says how many there are', () => {
    const ours = all.Deployment.filter(({ metadata }) => metadata.namespace === 'shop');
    expect(ours.map(({ spec }) => spec.replicas)).to.deep.equal(ours.map(() => undefined));
  });

  it('every service that keeps data has a database cluster of its own', () => {
    const urls = shop().flatMap(({ name, template }) =>
      template.spec.containers
        .flatMap(({ env }) => env)
        .filter((variable) => variable.name === 'DATABASE_URL')
        .map(({ valueFrom }) => [name, valueFrom?.secretKeyRef?.name] as const),
    );
    expect(urls.length).to.be.greaterThan(5);
    for (const [name, secret] of urls) expect(secret).to.equal(`${name}-database-app`);
    const names = all.Cluster.map(({ metadata }) => metadata.name);
    expect(names.toSorted()).to.deep.equal(urls.map(([name]) => `${name}-database`).toSorted());
  });

  it('nothing of the demonstration is left', () => {
    const settings = all.ConfigMap.find(({ metadata }) => metadata.name === 'shop-settings');
    expect(settings?.data).to.include({ SEED: 'none', COOKIE_SECURE: 'true' });
    expect(all.Deployment.map(({ metadata }) => metadata.name)).not.to.include('payment-provider');
    expect(all.StatefulSet).to.deep.equal([]);
  });

  it('every image is pinned to a version or a digest', () => {
    for (const { what, template } of workloads(all)) {
      for (const { image } of template.spec.containers) {
        const { suffix } = splitImage(image);
        expect(suffix, what).to.match(/^(@sha256:[0-9a-f]{64}|:v?\d+\.\d+\.\d+)$/);
      }
    }
  });
});
