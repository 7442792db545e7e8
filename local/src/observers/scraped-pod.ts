import type { ScrapedPod } from '../metrics/targets.ts';
import type { Pod } from '../pods/pod.ts';

/** A pod as Prometheus finds it. */
export function scrapedPod(pod: Pod): ScrapedPod {
  const { name, service, namespace, templateHash, podLabels } = pod.deployment;
  const admin = pod.reachedAt('admin');
  return {
    name: pod.name,
    namespace,
    deployment: name,
    container: service,
    templateHash,
    labels: podLabels,
    adminUrl: admin && 'port' in admin ? `http://${admin.host}:${admin.port}` : undefined,
    sidecarAdminUrl: pod.sidecarAdminUrl,
  };
}
