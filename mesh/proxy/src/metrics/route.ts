import type { ObjectRef, WireBackend, WireServicePort } from '@faultline/mesh-core/snapshot';
import type { Histogram, Labels, Registry, Series } from './registry.ts';

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

/** Counters of replies by status and error; made when first needed. */
class Statuses {
  readonly #registry: Registry;
  readonly #name: string;
  readonly #labels: Labels;
  readonly #known = new Map<number | string, Series>();

  constructor(registry: Registry, name: string, labels: Labels) {
    this.#registry = registry;
    this.#name = name;
    this.#labels = labels;
  }

  count(outcome: { status: number } | { error: string }): void {
    const key = 'status' in outcome ? outcome.status : outcome.error;
    let series = this.#known.get(key);
    if (!series) {
      series = this.#registry.counter(this.#name, 'Replies by status and error.', {
        ...this.#labels,
        http_status: 'status' in outcome ? outcome.status : '',
        error: 'error' in outcome ? outcome.error : '',
      });
      this.#known.set(key, series);
    }
    series.value++;
  }
}

/** `outbound_http_route_*`: what the client saw, once for each request, and the retries behind it. */
export class RouteSeries {
  readonly duration: Histogram;
  readonly statuses: Statuses;
  readonly retries: Record<'requests' | 'successes' | 'limit_exceeded' | 'overflow', Series>;

  constructor(registry: Registry, parent: WireServicePort, route: ObjectRef) {
    const labels = routeLabels(parent, route);
    const name = (what: string) => `outbound_http_route_${what}`;
    this.duration = registry.histogram(name('request_duration_seconds'), 'Seconds to the end.', {
      labels: { ...labels, hostname: '' },
      bounds: REQUEST_SECONDS,
    });
    const shown = { ...labels, hostname: '' };
    this.statuses = new Statuses(registry, name('request_statuses_total'), shown);
    const retry = (what: string) =>
      registry.counter(name(`retry_${what}_total`), 'Retries.', labels);
    this.retries = {
      requests: retry('requests'),
      successes: retry('successes'),
      limit_exceeded: retry('limit_exceeded'),
      overflow: retry('overflow'),
    };
  }
}

/** `outbound_http_route_backend_*`: every attempt. */
export class RouteBackendSeries {
  readonly requests: Series;
  readonly duration: Histogram;
  readonly statuses: Statuses;

  constructor(
    registry: Registry,
    of: { parent: WireServicePort; route: ObjectRef; target: WireBackend['target'] },
  ) {
    const labels = { ...routeLabels(of.parent, of.route), ...backendLabels(of.target) };
    const name = (what: string) => `outbound_http_route_backend_${what}`;
    this.requests = registry.counter(name('requests_total'), 'Attempts.', labels);
    this.duration = registry.histogram(name('response_duration_seconds'), 'Seconds of replies.', {
      labels,
      bounds: RESPONSE_SECONDS,
    });
    this.statuses = new Statuses(registry, name('response_statuses_total'), labels);
  }
}
