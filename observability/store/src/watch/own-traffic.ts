import type { MetricSample } from '@faultline/origin/metrics';
import type { EdgeSample } from '@faultline/origin/model';
import { serviceOf } from '@faultline/origin/service-names';
import type { MetricsTarget } from './targets.ts';

type Labels = MetricSample['labels'];

/**
 * What of the sidecars' counters is traffic of the system that is watched, judged by the list of whom
 * to look at. In a cluster every call of a pod passes its sidecar, those of what watches it as well.
 */
export class OwnTraffic {
  readonly #edgeService: string;
  readonly #namespaces: ReadonlySet<string>;
  readonly #services: ReadonlySet<string>;
  readonly #versions: ReadonlyMap<string, string>;
  /** The ports of each instance at which it is looked at. */
  readonly #ports: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(targets: readonly MetricsTarget[], edgeService: string) {
    this.#edgeService = edgeService;
    this.#namespaces = new Set(targets.flatMap(({ namespace }) => namespace ?? []));
    this.#services = new Set(targets.map(({ service }) => service));
    this.#versions = new Map(
      targets.flatMap(({ instance, version }) =>
        version === undefined ? [] : [[instance, version]],
      ),
    );
    const byInstance = Map.groupBy(targets, ({ instance }) => instance);
    this.#ports = new Map(
      [...byInstance].map(([name, own]) => [
        name,
        new Set(own.map(({ url }) => new URL(url).port)),
      ]),
    );
  }

  /** The samples of a sidecar that tell of calls within the system, or at its edge. */
  select(samples: readonly MetricSample[], target: MetricsTarget): MetricSample[] {
    const peers = new Set(this.#services);
    for (const { name, labels } of samples) {
      if (name === 'request_total' && labels['dst_service'])
        peers.add(serviceOf(labels['dst_service']));
    }
    return samples
      .filter(({ labels }) => this.#isOwn(labels, target))
      .map((sample) => {
        if (isOfStore(sample, peers)) return without('authority', sample);
        return this.#isOfPeople(sample, target) ? without('client_id', sample) : sample;
      });
  }

  /** Linkerd says which pod was called and not which version that is. */
  withVersions(edges: readonly EdgeSample[]): EdgeSample[] {
    return edges.map((edge) => {
      const { instance = '', version = this.#versions.get(instance) } = edge.target;
      return version === undefined ? edge : { ...edge, target: { ...edge.target, version } };
    });
  }

  #isOwn(labels: Labels, { service, instance }: MetricsTarget): boolean {
    if (labels['direction'] !== 'inbound') {
      return this.#isInside(labels['dst_namespace'] ?? labels['parent_namespace']);
    }
    // Probes, and whoever reads metrics.
    if (this.#ports.get(instance)?.has(labels['target_port'] ?? '')) return false;
    return service === this.#edgeService || this.#isInside(labels['client_id']?.split('.')[1]);
  }

  /** At the edge everybody is who is not one of the services, with an identity or without. */
  #isOfPeople({ labels }: MetricSample, { service }: MetricsTarget): boolean {
    const client = labels['direction'] === 'inbound' ? labels['client_id'] : undefined;
    return (
      service === this.#edgeService &&
      client !== undefined &&
      !this.#services.has(client.split('.')[0] ?? '')
    );
  }

  /** Who collects spans or asks for load is no part of the system. */
  #isInside(namespace: string | undefined): boolean {
    return (
      namespace === undefined || this.#namespaces.size === 0 || this.#namespaces.has(namespace)
    );
  }
}

/** Linkerd names the authority of what it carries unseen as well, which tells HTTP apart locally. */
function isOfStore({ name, labels }: MetricSample, peers: ReadonlySet<string>): boolean {
  const peer = labels['dst_service'];
  return (
    name.startsWith('tcp_') &&
    labels['direction'] === 'outbound' &&
    labels['authority'] !== undefined &&
    peer !== undefined &&
    !peers.has(serviceOf(peer))
  );
}

function without(label: string, sample: MetricSample): MetricSample {
  const { [label]: _, ...labels } = sample.labels;
  return { ...sample, labels };
}
