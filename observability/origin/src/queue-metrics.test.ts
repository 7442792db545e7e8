import { expect } from 'chai';
import { queueSamples } from './queue-metrics.ts';

const place = { service: 'images', instance: 'images-1' };

function at(atMs: number, samples: readonly [string, Record<string, string>, number][]) {
  return { atMs, samples: samples.map(([name, labels, value]) => ({ name, labels, value })) };
}

describe('queueSamples', () => {
  it('tells how far a group is behind its stream, and what it has done since', () => {
    const stream = { stream: 'orders.events', group: 'notifications' };
    const [sample, ...others] = queueSamples(
      at(1_000, [['stream_consumer_handled_total', { ...stream, result: 'applied' }, 7]]),
      at(2_000, [
        ['stream_consumer_lag_entries', stream, 12],
        ['stream_consumer_pending_entries', stream, 1],
        ['stream_consumer_handled_total', { ...stream, result: 'applied' }, 9],
        ['stream_consumer_handled_total', { ...stream, result: 'duplicate' }, 1],
        ['process_cpu_seconds_total', {}, 4],
      ]),
      place,
    );
    expect(others).to.deep.equal([]);
    expect(sample).to.deep.equal({
      atMs: 2_000,
      ...place,
      queue: 'orders.events',
      group: 'notifications',
      lag: 12,
      pending: 1,
      handled: 3,
    });
  });

  it('tells of jobs and of the outbox', () => {
    const samples = queueSamples(
      at(1_000, []),
      at(2_000, [
        ['jobs_queued', { kind: 'renditions' }, 4],
        ['outbox_pending_events', {}, 2],
      ]),
      place,
    );
    expect(samples.map(({ queue, lag }) => [queue, lag])).to.deep.equal([
      ['jobs of renditions', 4],
      ['outbox of images', 2],
    ]);
  });
});
