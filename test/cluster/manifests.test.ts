import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { applyJsonPatch } from './support/json-patch.ts';
import { check } from './support/environments.ts';
import { parseManifests } from './support/kustomize.ts';
import { type Manifest, nameOf } from './support/manifest.ts';
import { renderEnvironment } from './support/overlays.ts';

type Environment = 'dev' | 'prod';

const pod = '/spec/template/spec';
const container = `${pod}/containers/0`;

/** What is broken on purpose: a manifest, a JSON patch of it, and what has to be said about it. */
const broken: [what: string, patch: string, expected: RegExp][] = [
  // Schemas.
  ['Deployment shop/orders', `{ op: add, path: ${pod}/hostNetwrok, value: true }`, /hostNetwrok/],
  [
    'Deployment shop/orders',
    `{ op: replace, path: /spec/revisionHistoryLimit, value: '5' }`,
    /number/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${container}/env/-, value: { name: A, value: 1 } }`,
    /quote/,
  ],
  ['Service shop/orders', `{ op: replace, path: /spec/ports/0/port, value: 70000 }`, /Too big/],
  [
    'PodDisruptionBudget shop/orders',
    `{ op: replace, path: /apiVersion, value: policy/v1beta1 }`,
    /policy\/v1/,
  ],
  [
    'Server shop/orders-http',
    `{ op: replace, path: /spec/proxyProtocol, value: HTTP/3 }`,
    /HTTP\/1/,
  ],
  [
    'NetworkAuthentication shop/cluster-networks',
    `{ op: replace, path: /spec/networks/0/cidr, value: 10.0.0.0/40 }`,
    /cidr/,
  ],
  ['Canary shop/orders', `{ op: add, path: /spec/analysis/mirror, value: true }`, /mirror/],
  ['Cluster shop/orders-database', `{ op: add, path: /spec/replicas, value: 3 }`, /replicas/],
  [
    'Cluster shop/orders-database',
    `{ op: replace, path: /spec/postgresql/synchronous/method, value: quorum }`,
    /method/,
  ],
  [
    'ScaledObject shop/images',
    `{ op: replace, path: /spec/triggers/0/metadata/threshold, value: 20 }`,
    /threshold/,
  ],
  [
    'ServiceAccount shop/orders',
    `{ op: replace, path: /kind, value: ServiceAcount }`,
    /no schema of ServiceAcount/,
  ],
  // References.
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${pod}/serviceAccountName, value: ghost }`,
    /no ServiceAccount ghost/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: /spec/selector/matchLabels/app.kubernetes.io~1name, value: x }`,
    /misses its pods/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${container}/envFrom/0/configMapRef/name, value: lost }`,
    /no ConfigMap lost/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${container}/env/-, value: { name: A, valueFrom: { secretKeyRef: { name: orders-database, key: uri } } } }`,
    /no Secret orders-database with the key uri/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${container}/env/-, value: { name: A, valueFrom: { configMapKeyRef: { name: shop-settings, key: SEEDS } } } }`,
    /no ConfigMap shop-settings with the key SEEDS/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${container}/readinessProbe/httpGet/port, value: health }`,
    /port health/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${container}/volumeMounts/0/name, value: data }`,
    /no volume data/,
  ],
  [
    'Deployment observability/jaeger',
    `{ op: replace, path: ${pod}/volumes/0/configMap/name, value: jaeger }`,
    /no ConfigMap jaeger/,
  ],
  [
    'Deployment observability/prometheus',
    `{ op: replace, path: ${pod}/volumes/1/persistentVolumeClaim/claimName, value: x }`,
    /no PersistentVolumeClaim x/,
  ],
  [
    'Service shop/orders',
    `{ op: replace, path: /spec/selector/app.kubernetes.io~1name, value: nobody }`,
    /selects no pod/,
  ],
  [
    'Service shop/orders',
    `{ op: replace, path: /spec/ports/0/targetPort, value: grpc }`,
    /no port grpc/,
  ],
  [
    'PodDisruptionBudget shop/orders',
    `{ op: replace, path: /spec/selector/matchExpressions/0/values, value: [x] }`,
    /selects no pod/,
  ],
  [
    'ClusterRoleBinding faultline-prometheus',
    `{ op: replace, path: /subjects/0/name, value: x }`,
    /no ServiceAccount x/,
  ],
  // Pod Security "restricted", and what this project asks besides.
  [
    'Deployment shop/orders',
    `{ op: add, path: ${pod}/hostNetwork, value: true }`,
    /host namespaces/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${container}/securityContext/privileged, value: true }`,
    /^privileged/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${pod}/volumes/-, value: { name: x, hostPath: { path: / } } }`,
    /volume types/,
  ],
  [
    'Deployment shop/orders',
    `{ op: remove, path: ${container}/securityContext/allowPrivilegeEscalation }`,
    /privilege escalation/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${container}/securityContext/runAsUser, value: 0 }`,
    /runs as root/,
  ],
  [
    'Deployment shop/orders',
    `{ op: remove, path: ${pod}/securityContext/seccompProfile }`,
    /seccomp/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${container}/securityContext/capabilities/add, value: [NET_RAW] }`,
    /capabilities/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${container}/securityContext/readOnlyRootFilesystem, value: false }`,
    /writable root/,
  ],
  [
    'Deployment shop/orders',
    `{ op: remove, path: ${container}/resources/limits/memory }`,
    /memory limit/,
  ],
  [
    'Deployment shop/orders',
    `{ op: remove, path: ${container}/resources/requests/cpu }`,
    /requests/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${pod}/automountServiceAccountToken, value: true }`,
    /token/,
  ],
  ['Deployment shop/orders', `{ op: remove, path: ${container}/startupProbe }`, /startup/],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${pod}/terminationGracePeriodSeconds, value: 20 }`,
    /grace period/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${pod}/serviceAccountName, value: payments }`,
    /is shared by/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: /spec/strategy/rollingUpdate/maxUnavailable, value: 1 }`,
    /maxUnavailable 0/,
  ],
  // Jobs.
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: ${pod}/restartPolicy, value: Always }`,
    /expected Never/,
  ],
  [
    'Deployment shop/orders',
    `{ op: add, path: ${pod}/restartPolicy, value: Never }`,
    /expected Always/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: remove, path: /spec/ttlSecondsAfterFinished }`,
    /ttlSecondsAfterFinished/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: remove, path: /spec/template/metadata/annotations/config.linkerd.io~1proxy-enable-native-sidecar }`,
    /would never end/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: /spec/template/metadata/labels/app.kubernetes.io~1name, value: orders }`,
    /Service orders takes it/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: ${pod}/serviceAccountName, value: payments }`,
    /another account than Deployment orders/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: ${container}/image, value: 'ghcr.io/faultline/orders:1.0.1' }`,
    /runs .*1\.0\.1/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: /metadata/name, value: orders-migrations }`,
    /expected the name orders-migrations-1-0-0/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: add, path: ${container}/securityContext/runAsUser, value: 0 }`,
    /runs as root/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: ${container}/env/0/valueFrom/secretKeyRef/key, value: url }`,
    /waits for migrations that 0 Jobs apply|no Secret orders-database-app with the key url/,
  ],
  [
    'Deployment shop/orders',
    `{ op: replace, path: ${container}/env/0/valueFrom/secretKeyRef/name, value: payments-database-app }`,
    /nobody has the database/,
  ],
  // The mesh.
  [
    'HTTPRoute shop/orders-events',
    `{ op: replace, path: /spec/parentRefs/0/name, value: lost }`,
    /no Service lost/,
  ],
  [
    'HTTPRoute shop/orders-events',
    `{ op: add, path: /spec/rules/0/backendRefs, value: [{ name: orders, port: 81 }] }`,
    /no Service orders with the port 81/,
  ],
  [
    'HTTPRoute shop/orders-events',
    `{ op: add, path: /spec/rules/0/filters, value: [{ type: RequestMirror }] }`,
    /filters/,
  ],
  [
    'HTTPRoute shop/orders-events',
    `{ op: add, path: /metadata/annotations/timeout.linkerd.io~1request, value: 1m30s }`,
    /1m30s/,
  ],
  ['Server shop/orders-http', `{ op: replace, path: /spec/port, value: https }`, /no port https/],
  [
    'Server shop/orders-http',
    `{ op: replace, path: /spec/podSelector, value: { matchLabels: { app.kubernetes.io/name: orders } } }`,
    /Flagger makes of Deployment orders/,
  ],
  [
    'Server shop/orders-http',
    `{ op: replace, path: /spec/podSelector/matchExpressions/0/values, value: [payments, payments-primary] }`,
    /no Server says who may call the port http/,
  ],
  [
    'AuthorizationPolicy shop/orders-callers',
    `{ op: replace, path: /spec/targetRef/name, value: x }`,
    /no Server x/,
  ],
  [
    'AuthorizationPolicy shop/orders-callers',
    `{ op: replace, path: /spec/requiredAuthenticationRefs/0/name, value: x }`,
    /no MeshTLSAuthentication x/,
  ],
  [
    'MeshTLSAuthentication shop/orders-callers',
    `{ op: replace, path: /spec/identityRefs/0/name, value: x }`,
    /no ServiceAccount x/,
  ],
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/targetRef/name, value: x }`,
    /no Deployment x/,
  ],
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/service/gatewayRefs/0/name, value: payments }`,
    /payments is not it/,
  ],
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/analysis/metrics/0/templateRef/name, value: x }`,
    /no MetricTemplate x/,
  ],
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/autoscalerRef/name, value: x }`,
    /no HorizontalPodAutoscaler x/,
  ],
  // Networks.
  [
    'NetworkPolicy shop/orders',
    `{ op: add, path: /spec/podSelector/matchExpressions/0/values, value: [nobody] }`,
    /selects no pod/,
  ],
  [
    'NetworkPolicy shop/orders',
    `{ op: replace, path: /spec/ingress/0/ports/0/port, value: grpc }`,
    /no port grpc/,
  ],
  [
    'NetworkPolicy shop/orders',
    `{ op: add, path: /spec/ingress/0/from/-, value: { podSelector: { matchLabels: { app.kubernetes.io/name: x } } } }`,
    /nobody is/,
  ],
  [
    'NetworkPolicy shop/orders',
    `{ op: add, path: /spec/ingress/0/from/-, value: { podSelector: { matchLabels: { app.kubernetes.io/name: images } } } }`,
    /mesh\/policy disagree on images/,
  ],
  ['NetworkPolicy shop/orders', `{ op: remove, path: /spec/egress/0 }`, /does not let it out/],
  [
    'NetworkPolicy observability/observability',
    `{ op: replace, path: /spec/policyTypes, value: [Egress] }`,
    /no NetworkPolicy says/,
  ],
];

describe('manifests of the cluster', function () {
  this.timeout(60_000);
  const rendered: Record<Environment, Manifest[]> = { dev: [], prod: [] };

  before(() => {
    rendered.dev = renderEnvironment('dev');
    rendered.prod = renderEnvironment('prod');
  });

  for (const environment of ['dev', 'prod'] as const) {
    it(`of ${environment} fit their schemas and each other`, () => {
      expect(check(environment, rendered[environment])).to.deep.equal([]);
    });
  }

  for (const [what, patch, expected] of broken) {
    it(`are refused when ${what} is broken by ${patch}`, () => {
      const found = check('prod', breakOne(rendered.prod, what, patch));
      expect(found.map(({ message }) => message).filter((text) => expected.test(text))).not.to.be
        .empty;
    });
  }

  it('are refused when one exists twice, or is let off without need', () => {
    const [first] = rendered.prod;
    const twice = check('prod', first ? [...rendered.prod, first] : []);
    expect(twice.map(({ message }) => message)).to.include('exists twice');
    const hardened = breakOne(
      rendered.dev,
      'Deployment shop/orders',
      `{ op: replace, path: ${container}/securityContext/readOnlyRootFilesystem, value: true }`,
    );
    expect(check('dev', hardened)).to.deep.equal([
      { what: 'writable root: Deployment orders', message: 'is exempted without need' },
    ]);
  });
});

function breakOne(all: readonly Manifest[], what: string, patch: string): Manifest[] {
  expect(all.map(nameOf)).to.include(what);
  const operation: unknown = parseDocument(patch).toJS();
  return all.map((one) => {
    if (nameOf(one) !== what) return one;
    const text = JSON.stringify(applyJsonPatch(one, [operation]));
    return parseManifests(text, what)[0] ?? one;
  });
}
