import type { MetricSample, Scrape } from './metrics.ts';
import type { Place, QueueSample } from './model.ts';

/** What a queue is called by and which of a service's metrics tell of it. */
type Told = { queue: string; group?: string; lag: number; pending: number; handled: number };

/**
 * How queues stand, from two scrapes of a service's own metrics: streams by what their groups have
 * not been given, jobs by how many wait, the outbox by what is not yet published.
 */
export function queueSamples(before: Scrape, after: Scrape, place: Place): QueueSample[] {
  const queues = new Map<string, Told>();
  const earlier = new Map(before.samples.map((sample) => [keyOf(sample), sample.value]));
  for (const sample of after.samples) {
    const named = nameOf(sample, place);
    if (!named) continue;
    const key = `${named.queue} ${named.group ?? ''}`;
    const told = queues.get(key) ?? { ...named, lag: 0, pending: 0, handled: 0 };
    queues.set(key, told);
    add(told, sample, earlier.get(keyOf(sample)) ?? 0);
  }
  return [...queues.values()].map((told) => ({
    atMs: after.atMs,
    service: place.service,
    ...(place.instance !== undefined && { instance: place.instance }),
    ...told,
  }));
}

function nameOf(
  { name, labels }: MetricSample,
  { service }: Place,
): Pick<Told, 'queue' | 'group'> | undefined {
  const { stream, group, kind } = labels;
  if (name.startsWith('stream_consumer_') && stream !== undefined) {
    return { queue: stream, ...(group !== undefined && { group }) };
  }
  if (name === 'jobs_queued' || name === 'job_duration_seconds_count') {
    return { queue: `jobs of ${kind}` };
  }
  if (name === 'outbox_pending_events' || name === 'outbox_published_total') {
    return { queue: `outbox of ${service}` };
  }
  return undefined;
}

function add(told: Told, { name, value }: MetricSample, before: number): void {
  switch (name) {
    case 'stream_consumer_lag_entries':
    case 'jobs_queued':
    case 'outbox_pending_events':
      told.lag += value;
      break;
    case 'stream_consumer_pending_entries':
      told.pending += value;
      break;
    case 'stream_consumer_handled_total':
    case 'job_duration_seconds_count':
    case 'outbox_published_total':
      told.handled += value >= before ? value - before : value;
  }
}

function keyOf({ name, labels }: MetricSample): string {
  return `${name}|${Object.values(labels).join('|')}`;
}
