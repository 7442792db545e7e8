import type { Handler, Router } from '../http/router.ts';
import type { ApiDeps } from './api.ts';
import { metricsHandler } from './metrics-routes.ts';
import { transformHandler } from './transform.ts';
import { dependencies, qualityMetrics } from './v1-dependencies.ts';
import { withV1Errors } from './v1-envelope.ts';
import * as names from './v1-names.ts';
import * as traces from './v1-traces.ts';
import * as v3 from './v3-routes.ts';

type Endpoint = (deps: ApiDeps, ...rest: Parameters<Handler>) => ReturnType<Handler>;

/** Jaeger's query API, both generations, at `prefix` (such as `/jaeger`, or '' for none). */
export function addJaegerRoutes(router: Router, deps: ApiDeps, prefix = ''): void {
  const bind =
    (endpoint: Endpoint): Handler =>
    (exchange) =>
      endpoint(deps, exchange);
  const v1 = (method: string, path: string, endpoint: Endpoint) =>
    router.add(method, `${prefix}/api${path}`, withV1Errors(bind(endpoint)));
  const third = (path: string, endpoint: Endpoint) =>
    router.add('GET', `${prefix}/api/v3${path}`, v3.withV3Errors(bind(endpoint)));

  third('/services', v3.services);
  third('/operations', v3.operations);
  third('/trace-summaries', v3.traceSummaries);
  third('/traces', v3.traces);
  third('/traces/:id', v3.trace);

  v1('GET', '/traces/:id', traces.getTrace);
  v1('POST', '/archive/:id', traces.archiveTrace);
  v1('GET', '/dependencies', dependencies);
  v1('GET', '/metrics/latencies', metricsHandler('latencies'));
  v1('GET', '/metrics/calls', metricsHandler('calls'));
  v1('GET', '/metrics/errors', metricsHandler('errors'));
  router.add('POST', `${prefix}/api/transform`, transformHandler());
  router.add('GET', `${prefix}/api/quality-metrics`, qualityMetrics);

  // Gone from Jaeger after 2.20, and still what Grafana and older pages ask.
  v1('GET', '/services', names.services);
  v1('GET', '/services/:service/operations', names.operationNames);
  v1('GET', '/operations', names.operations);
  v1('GET', '/traces', traces.search);
}
