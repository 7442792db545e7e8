/** Fields of Flagger's resources that are refused, by path, and why. */
const reasons: Readonly<Record<string, string>> = {
  'spec.service.mirror': 'Linkerd drops a route with a mirror: it has no such filter',
  'spec.service.rewrite': 'Linkerd drops a route that rewrites: it has no such filter',
  'spec.service.corsPolicy': 'Linkerd drops a route with CORS: it has no such filter',
  'spec.service.retries': 'Istio only; annotate service.apex with retry.linkerd.io/…',
  'spec.service.backendTimeout':
    'Linkerd ignores it; annotate service.apex with timeout.linkerd.io/…',
  'spec.service.trafficPolicy': 'Istio only; annotate the Service with balancer.linkerd.io/…',
  'spec.service.gateways': 'Istio only; use gatewayRefs',
  'spec.service.headless': 'Linkerd routes nothing to headless Services',
  'spec.service.hosts': 'calls inside the mesh are routed by address, not by host',
  'spec.analysis.mirror': 'Linkerd drops a route with a mirror: it has no such filter',
  'spec.analysis.mirrorWeight': 'Linkerd drops a route with a mirror: it has no such filter',
  'spec.analysis.sessionAffinity': 'calls between services carry no cookies of their own',
  'spec.analysis.alerts': 'alerts are Prometheus rules here; see observability/prometheus',
  'spec.canaryAnalysis': 'superseded; use analysis',
  'spec.metricsServer': 'there is one Prometheus; the local engine knows where',
  'spec.analysis.metrics.query': 'superseded; use templateRef and a MetricTemplate',
  'spec.analysis.metrics.threshold': 'superseded; use thresholdRange',
};

/** Why an unknown field is refused; list positions do not count. */
export function refusalOf(path: readonly (string | number)[]): string {
  const names = path.filter((part) => typeof part === 'string').join('.');
  return reasons[names] ?? 'not supported by the local engine';
}
