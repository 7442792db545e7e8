import type { ObjectRef, WireBackend, WireServicePort } from '@faultline/mesh-core/snapshot';
import { frameSizes, type HttpSeries, Statuses } from './families.ts';
import type { Labels, Registry, Series } from './registry.ts';

const REQUEST_SECONDS = [0.05, 0.5, 1, 10];
const RESPONSE_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];

/** What Linkerd calls the route of a Service that has none. */
export const DEFAULT_ROUTE: ObjectRef = { group: '', kind: 'default', namespace: '', name: 'http' };

export function parentLabels(parent: { namespace: string; name: string; port: number }): Labels {
  return {
    parent_group: 'core',
    parent_kind: 'Service',
    parent_namespace: parent.namespace,
    parent_name: parent.name,
    parent_port: parent.port,
    parent_section_name: '',
  };
}

function routeLabels(parent: WireServicePort, route: ObjectRef): Labels {
  return {
    ...parentLabels(parent),
    route_group: route.group,
    route_kind: route.kind,
    route_namespace: route.namespace,
    route_name: route.name,
  };
}

export function backendLabels(target: WireBackend['target']): Labels {
  const known = target.kind === 'service' ? target : { namespace: '', name: '', port: 0 };
  return {
    backend_group: target.kind === 'service' ? 'core' : '',
    backend_kind: target.kind === 'service' ? 'Service' : 'invalid',
    backend_namespace: known.namespace,
    backend_name: known.name,
    backend_port: known.port,
    backend_section_name: '',
  };
}

/** The retries behind a route. */
export type RetrySeries = Record<'requests' | 'successes' | 'limit_exceeded' | 'overflow', Series>;

/** `outbound_http_route_*`: what the client saw, once for each request. */
export function routeSeries(
  registry: Registry,
  { parent, route }: { parent: WireServicePort; route: ObjectRef },
): HttpSeries & { readonly retries: RetrySeries } {
  const labels = routeLabels(parent, route);
  const shown = { ...labels, hostname: '' };
  const name = (what: string) => `outbound_http_route_${what}`;
  const retry = (what: string) => registry.counter(name(`retry_${what}_total`), 'Retries.', labels);
  return {
    statuses: new Statuses(registry, name('request_statuses_total'), shown),
    requestSeconds: registry.histogram(name('request_duration_seconds'), 'Seconds to the end.', {
      labels: shown,
      bounds: REQUEST_SECONDS,
    }),
    requestFrames: frameSizes(registry, name('request_frame_size_bytes'), shown),
    retries: {
      requests: retry('requests'),
      successes: retry('successes'),
      limit_exceeded: retry('limit_exceeded'),
      overflow: retry('overflow'),
    },
  };
}

/** `outbound_http_route_backend_*`: every attempt. */
export function routeBackendSeries(
  registry: Registry,
  of: { parent: WireServicePort; route: ObjectRef; target: WireBackend['target'] },
): HttpSeries {
  const labels = { ...routeLabels(of.parent, of.route), ...backendLabels(of.target) };
  const name = (what: string) => `outbound_http_route_backend_${what}`;
  return {
    requests: registry.counter(name('requests_total'), 'Attempts.', labels),
    statuses: new Statuses(registry, name('response_statuses_total'), labels),
    responseSeconds: registry.histogram(name('response_duration_seconds'), 'Seconds of replies.', {
      labels,
      bounds: RESPONSE_SECONDS,
    }),
    responseFrames: frameSizes(registry, name('response_frame_size_bytes'), labels),
  };
}
