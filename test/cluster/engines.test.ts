import { expect } from 'chai';
import { isDeepStrictEqual } from 'node:util';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tools/config.ts';
import { parseManifests } from './support/kustomize.ts';
import { type Manifest, nameOf } from './support/manifest.ts';
import { renderEnvironment } from './support/overlays.ts';
import { readResources } from './support/resources.ts';

/**
 * All that a cluster does differently from the files which the local engine reads: the path of a
 * field, and why. Whole objects that only a cluster has are named by their kinds.
 */
const differences: Readonly<Record<'dev' | 'prod', readonly [path: string, reason: string][]>> = {
  dev: [
    ['* metadata.namespace', 'one system, one namespace; the local engine is one system'],
    ['Service spec.selector.app.kubernetes.io/name', 'with Canaries: Flagger’s copy serves'],
    ['Deployment spec.replicas', 'with Canaries: Flagger’s to say'],
    ['Deployment spec.progressDeadlineSeconds', 'Flagger and kubectl wait by it'],
    [
      'Deployment spec.template.metadata.annotations.resource.opentelemetry.io/service.name',
      'local sidecars have the name already',
    ],
    ['Deployment spec.template.spec.enableServiceLinks', 'there are no service links locally'],
    ['Deployment spec.template.spec.volumes', '/tmp beside a read-only root'],
    ['Deployment spec.template.spec.containers.0.volumeMounts', 'as above'],
    ['Deployment spec.template.spec.containers.0.command', 'live update: node --watch'],
    ['Deployment spec.template.spec.containers.0.env', 'a Job migrates the database'],
    [
      'Deployment spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem',
      'live update writes',
    ],
    [
      'Deployment spec.template.spec.containers.0.resources.requests.cpu',
      'a node of two cores has room for all',
    ],
    [
      'ConfigMap data.OTEL_EXPORTER_OTLP_ENDPOINT',
      'the local engine tells services where its store is',
    ],
    ['MetricTemplate spec.provider.address', 'the local engine asks the Prometheus it runs'],
    ['ConfigMap data.ALLOWED_HOSTS', 'the load generator calls the gateway by its Service'],
    [
      'Canary spec.analysis.webhooks',
      'Flagger fails what nobody calls, so load comes with a trial; the local engine waits for calls',
    ],
  ],
  prod: [
    ['* metadata.namespace', 'as in dev'],
    ['Service spec.selector.app.kubernetes.io/name', 'as in dev'],
    ['Deployment spec.replicas', 'the autoscaler’s to say'],
    ['Deployment spec.progressDeadlineSeconds', 'as in dev'],
    [
      'Deployment spec.template.metadata.annotations.resource.opentelemetry.io/service.name',
      'as in dev',
    ],
    ['Deployment spec.template.spec.enableServiceLinks', 'as in dev'],
    ['Deployment spec.template.spec.volumes', 'as in dev'],
    ['Deployment spec.template.spec.topologySpreadConstraints', 'a zone may fail'],
    ['Deployment spec.template.spec.containers.0.volumeMounts', 'as in dev'],
    [
      'Deployment spec.template.spec.containers.0.env',
      'as in dev; databases and the payment provider are others',
    ],
    [
      'Deployment spec.template.spec.containers.0.resources.limits.cpu',
      'machines are shared with others',
    ],
    ['ConfigMap data.SEED', 'no demonstration'],
    ['ConfigMap data.COOKIE_SECURE', 'served over TLS'],
    ['ConfigMap data.ALLOWED_HOSTS', 'names of its own'],
    ['ConfigMap data.TRUSTED_HOPS', 'a balancer stands in front'],
    ['ConfigMap data.OTEL_EXPORTER_OTLP_ENDPOINT', 'as in dev'],
    ['MetricTemplate spec.provider.address', 'as in dev'],
    ['Canary spec.autoscalerRef', 'Flagger hands the autoscaler over'],
  ],
};

/** What stands for a part of somebody else’s, and is in no production. */
const onlyLocal = new Set(['payment-provider', 'payment-provider-record']);

function readLocally(): Manifest[] {
  const files = globSync(
    ['services/*/deploy/*.yaml', 'deploy/*.yaml', 'mesh/{routes,policy,canary}/*.yaml'],
    { cwd: root },
  );
  return files.flatMap((file) => parseManifests(readFileSync(join(root, file), 'utf8'), file));
}

/** The paths at which two values are different; lists of objects are compared item by item. */
function compare(left: unknown, right: unknown, path = ''): string[] {
  if (isDeepStrictEqual(left, right)) return [];
  const areObjects = [left, right].every((one) => typeof one === 'object' && one !== null);
  const areLists = Array.isArray(left) && Array.isArray(right);
  if (!areObjects || (areLists && left.length !== right.length)) return [path];
  if (areLists && !left.every((item) => typeof item === 'object')) return [path];
  const [before, after] = [Object(left), Object(right)];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const isEnv = path.endsWith('.env');
  if (isEnv) return [path];
  return [...keys].flatMap((key) =>
    compare(
      Reflect.get(before, key),
      Reflect.get(after, key),
      path === '' ? key : `${path}.${key}`,
    ),
  );
}

describe('the local engine and the cluster', function () {
  this.timeout(60_000);

  for (const environment of ['dev', 'prod'] as const) {
    it(`read the same manifests but for what is listed, in ${environment}`, () => {
      const rendered = new Map(
        renderEnvironment(environment).map((one) => [`${one.kind} ${one.metadata.name}`, one]),
      );
      const found = new Set<string>();
      for (const one of readLocally()) {
        const isLeftOut = environment === 'prod' && onlyLocal.has(one.metadata.name);
        const inCluster = rendered.get(`${one.kind} ${one.metadata.name}`);
        if (isLeftOut) expect(inCluster, nameOf(one)).to.equal(undefined);
        else expect(inCluster, nameOf(one)).not.to.equal(undefined);
        for (const path of inCluster ? compare(one, inCluster) : []) {
          found.add(path === 'metadata.namespace' ? `* ${path}` : `${one.kind} ${path}`);
        }
      }
      const listed = differences[environment].map(([path]) => path);
      expect([...found].toSorted()).to.deep.equal(listed.toSorted());
    });
  }

  it('mount the same volumes and set the same variables; a cluster has more of them', () => {
    const local = readResources(readLocally()).resources.Deployment;
    for (const environment of ['dev', 'prod'] as const) {
      const rendered = readResources(renderEnvironment(environment)).resources.Deployment;
      for (const { metadata, spec } of local.filter((one) => !onlyLocal.has(one.metadata.name))) {
        const there = rendered.find((one) => one.metadata.name === metadata.name);
        const names = (template: typeof spec.template | undefined) => [
          ...(template?.spec.volumes ?? []).map(({ name }) => `volume ${name}`),
          ...(template?.spec.containers[0]?.volumeMounts ?? []).map(({ mountPath }) => mountPath),
          ...(template?.spec.containers[0]?.env ?? []).map(({ name }) => name),
        ];
        expect(names(there?.spec.template)).to.include.members(names(spec.template));
      }
    }
  });
});
