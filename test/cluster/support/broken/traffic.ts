import type { Broken } from './workloads.ts';

/** The mesh, what scales and judges, networks. */
export const traffic: readonly Broken[] = [
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
    'Service shop/gateway',
    `{ op: replace, path: /spec/selector/app.kubernetes.io~1name, value: gateway }`,
    /Service gateway does not select gateway-primary/,
  ],
  [
    'Deployment shop/gateway',
    `{ op: add, path: /spec/replicas, value: 1 }`,
    /Deployment gateway has replicas of its own/,
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
  [
    'HTTPRoute shop/orders-events',
    `{ op: add, path: /spec/rules/0/backendRefs, value: [{ name: orders, port: 80, weight: 0 }, { name: payments, port: 80, weight: 0 }] }`,
    /weight/,
  ],
  [
    'HTTPRoute shop/orders-events',
    `{ op: replace, path: /apiVersion, value: policy.linkerd.io/v1beta3 }`,
    /gateway\.networking\.k8s\.io/,
  ],
  ['Service shop/orders', `{ op: add, path: /spec/clusterIP, value: None }`, /clusterIP/],
  [
    'Server shop/orders-http',
    `{ op: replace, path: /kind, value: ServiceProfile }`,
    /no schema of ServiceProfile/,
  ],
  // What scales and judges.
  [
    'HorizontalPodAutoscaler shop/orders',
    `{ op: replace, path: /spec/scaleTargetRef/name, value: x }`,
    /no Deployment x/,
  ],
  [
    'HorizontalPodAutoscaler shop/orders',
    `{ op: replace, path: /spec/metrics/0/containerResource/container, value: proxy }`,
    /no container proxy/,
  ],
  [
    'ScaledObject shop/images',
    `{ op: replace, path: /spec/scaleTargetRef/name, value: x }`,
    /no Deployment x/,
  ],
  [
    'ScaledObject shop/images',
    `{ op: replace, path: /spec/triggers/0/metadata/query, value: 'max(jobs_waiting{})' }`,
    /no metric jobs_waiting/,
  ],
  [
    'ScaledObject shop/images',
    `{ op: replace, path: /spec/triggers/0/metadata/serverAddress, value: 'http://prometheus:9090' }`,
    /nobody serves/,
  ],
  [
    'Canary shop/images',
    `{ op: remove, path: /spec/autoscalerRef/primaryScalerQueries }`,
    /primaryScalerQueries: expected those of ScaledObject images/,
  ],
  [
    'ScaledObject shop/images',
    `{ op: replace, path: /spec/triggers/0/name, value: queue }`,
    /primaryScalerQueries: expected those of ScaledObject images/,
  ],
  [
    'Canary shop/orders',
    `{ op: add, path: /spec/autoscalerRef/primaryScalerQueries, value: {} }`,
    /primaryScalerQueries/,
  ],
  [
    'MetricTemplate shop/latency-p99',
    `{ op: replace, path: /spec/query, value: 'rate(response_latency_bucket{}[1m])' }`,
    /no metric response_latency_bucket/,
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
    'NetworkPolicy shop/databases',
    `{ op: replace, path: /spec/podSelector, value: { matchLabels: { app.kubernetes.io/component: database } } }`,
    /no NetworkPolicy lets all its pods out/,
  ],
  ['NetworkPolicy shop/databases', `{ op: remove, path: /spec/egress/0 }`, /lets all its pods out/],
  [
    'NetworkPolicy shop/to-stores',
    `{ op: replace, path: /spec/egress/0/to/0/podSelector, value: { matchLabels: { app.kubernetes.io/component: database } } }`,
    /nobody is/,
  ],
  [
    'NetworkPolicy shop/everybody',
    `{ op: remove, path: /spec/egress/2 }`,
    /not let out to the collector of spans at port 4317/,
  ],
  [
    'NetworkPolicy observability/observability',
    `{ op: replace, path: /spec/policyTypes, value: [Egress] }`,
    /no NetworkPolicy says/,
  ],
];
