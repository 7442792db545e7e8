import type { MetricSample, Scrape } from '@faultline/origin/metrics';
import type { QueueSample } from '@faultline/origin/model';
import type { MetricsTarget } from './targets.ts';

const LAG = 'stream_consumer_lag_entries';
const PENDING = 'stream_consumer_pending_entries';
const HANDLED = 'stream_consumer_handled_total';
const OUTBOX = 'outbox_pending_events';
const PUBLISHED = 'outbox_published_total';

/** How the queues stand that an instance reads from, and its outbox, between two looks at it. */
export function queueSamples(
  before: Scrape,
  after: Scrape,
  { service, instance }: Pick<MetricsTarget, 'service' | 'instance'>,
): QueueSample[] {
  const common = { atMs: after.atMs, service, instance };
  const streams = after.samples.filter(({ name }) => name === LAG);
  const consumed = streams.map(({ labels, value: lag }): QueueSample => {
    const { stream = '', group = '' } = labels;
    const mine = (scrape: Scrape, name: string) =>
      sum(
        scrape.samples.filter(
          (one) =>
            one.name === name && one.labels['stream'] === stream && one.labels['group'] === group,
        ),
      );
    const handled = Math.max(0, mine(after, HANDLED) - mine(before, HANDLED));
    return { ...common, queue: stream, group, lag, pending: mine(after, PENDING), handled };
  });
  const outbox = after.samples.find(({ name }) => name === OUTBOX);
  if (outbox === undefined) return consumed;
  const all = (scrape: Scrape) => sum(scrape.samples.filter(({ name }) => name === PUBLISHED));
  const published = Math.max(0, all(after) - all(before));
  const queue = `${service}.outbox`;
  return [...consumed, { ...common, queue, lag: outbox.value, pending: 0, handled: published }];
}

function sum(samples: readonly MetricSample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}
