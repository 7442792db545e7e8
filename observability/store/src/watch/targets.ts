import { readFile } from 'node:fs/promises';
import { serviceOf } from '@faultline/origin/service-names';

/** Where an instance's own metrics, or its sidecar's, are to be had. */
export type MetricsTarget = {
  readonly url: string;
  readonly kind: 'sidecar' | 'app';
  readonly service: string;
  readonly version?: string;
  readonly instance: string;
  readonly namespace?: string;
};

/** Names who is to be looked at now. */
export type TargetSource = () => Promise<readonly MetricsTarget[]>;

type Entry = { targets?: unknown; labels?: Record<string, unknown> };

const META_NAMESPACE = '__meta_kubernetes_namespace';
const meta = '__meta_kubernetes_pod_';

/**
 * The targets in a file of Prometheus' file_sd format, labelled as Kubernetes' discovery labels
 * pods: the very file that Prometheus reads. What is not a pod of the shop is passed over. Rejects
 * when the file cannot be read or is not JSON.
 */
export async function readTargets(path: string): Promise<MetricsTarget[]> {
  const entries: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!Array.isArray(entries)) throw new Error(`read ${path}: expected a list of targets`);
  return entries.flatMap(toTargets);
}

/** The targets of one entry of such a list. */
export function toTargets(entry: Entry | null): MetricsTarget[] {
  const labels = entry?.labels ?? {};
  const namespace = labels[META_NAMESPACE];
  const label = (name: string) => {
    const value = labels[`${meta}${name}`];
    return typeof value === 'string' ? value : undefined;
  };
  const instance = label('name');
  const isSidecar = label('container_name') === 'linkerd-proxy';
  // While a Canary stands beside it, a service's pods belong to the Deployment of its primary.
  const service = isSidecar ? label('label_linkerd_io_proxy_deployment') : label('container_name');
  const version = label('label_app_kubernetes_io_version');
  if (instance === undefined || service === undefined || !Array.isArray(entry?.targets)) return [];
  return entry.targets.map((host: unknown) => ({
    url: `http://${String(host)}/metrics`,
    kind: isSidecar ? 'sidecar' : 'app',
    service: serviceOf(service),
    instance,
    ...(version === undefined ? {} : { version }),
    ...(typeof namespace === 'string' && { namespace }),
  }));
}
