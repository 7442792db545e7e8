import type { Clock } from '@faultline/chassis/clock';
import { z } from 'zod';
import { toTargets, type MetricsTarget, type TargetSource } from './targets.ts';

/** How long a list is good for: pods come and go by the seconds. */
const LIST_MS = 3_000;
const TIMEOUT_MS = 2_000;
/** The shop's pods are part of `faultline`; what else is in the cluster is passed over. */
const PART_OF = '__meta_kubernetes_pod_label_app_kubernetes_io_part_of';

const listSchema = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({
        scrapeUrl: z.string(),
        discoveredLabels: z.record(z.string(), z.string()),
      }),
    ),
  }),
});

export type PrometheusTargetsOptions = {
  /** Where Prometheus is reached. */
  url: string;
  /** Which services are not looked at. */
  except: readonly string[];
  clock: Pick<Clock, 'monotonic'>;
};

/**
 * Asks Prometheus whom it scrapes, every few seconds, where only it may ask a cluster for its pods.
 * While it does not answer, those it named last are good. The answer never rejects.
 */
export function prometheusTargets(options: PrometheusTargetsOptions): TargetSource {
  const { clock } = options;
  let known: readonly MetricsTarget[] | undefined;
  let askedMs = -Infinity;
  let asking: Promise<void> = Promise.resolve();
  return async () => {
    const nowMs = clock.monotonic();
    if (nowMs - askedMs >= LIST_MS) {
      askedMs = nowMs;
      asking = ask(options)
        .then((targets) => {
          known = targets;
        })
        .catch(() => {});
    }
    // Whoever is known is looked at meanwhile: a slow Prometheus holds up nothing but the first look.
    if (known === undefined) await asking;
    return known ?? [];
  };
}

async function ask({ url, except }: PrometheusTargetsOptions): Promise<MetricsTarget[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const reply = await fetch(new URL('/api/v1/targets?state=active', url), { signal });
  const { data } = listSchema.parse(await reply.json());
  return data.activeTargets
    .filter(({ discoveredLabels }) => discoveredLabels[PART_OF] === 'faultline')
    .flatMap(({ scrapeUrl, discoveredLabels: labels }) =>
      toTargets({ targets: [new URL(scrapeUrl).host], labels }),
    )
    .filter(({ service }) => !except.includes(service));
}
