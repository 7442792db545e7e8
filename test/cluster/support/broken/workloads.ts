/** A manifest, a JSON patch that breaks it, and what has to be said about it. */
export type Broken = [what: string, patch: string, expected: RegExp];

const pod = '/spec/template/spec';
const container = `${pod}/containers/0`;

/** Schemas, what is named, Pod Security, Jobs. */
export const workloads: readonly Broken[] = [
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
    /Deployment orders takes it/,
  ],
  [
    'Job shop/orders-migrations-1-0-0',
    `{ op: replace, path: /spec/template/metadata/labels/app.kubernetes.io~1name, value: orders-primary }`,
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
];
