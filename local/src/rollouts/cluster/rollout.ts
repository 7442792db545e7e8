import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../../engine-error.ts';
import { prometheus } from '../prometheus.ts';
import { type Cluster, kubectlFor, throughForward } from './kubectl.ts';
import { reachOf } from './prometheus-address.ts';
import { type AskAt, readRollout } from './read.ts';
import type { ClusterRolloutStatus } from './status.ts';

/** What a rollout in a cluster is at, by the name of its Canary. */
export async function clusterRollout(
  service: string,
  { cluster, clock }: { cluster: Cluster; clock: Clock },
): Promise<ClusterRolloutStatus> {
  const askIn =
    (url: string): AskAt =>
    (atMs) =>
      prometheus({ url, clock, fetch, atMs });
  return readRollout(service, {
    kubectl: kubectlFor(cluster),
    now: () => clock.now(),
    async withPrometheus({ address, namespace }, use) {
      const reach = reachOf(address, namespace);
      if (reach.kind === 'url') return use(askIn(reach.url));
      const to = { ...cluster, ...reach };
      return throughForward(to, { clock, use: (url) => use(askIn(url)) });
    },
  });
}

/** A name as Kubernetes has them: anything else could be taken for a flag. Throws. */
export function checkName(what: string, text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new EngineError(`expected the name of ${what}, not '${text}'`);
}
