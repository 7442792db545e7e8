import { ensureGroup, type StreamEntry, toEntries } from '@faultline/chassis/streams';
import type { Redis } from 'ioredis';
import { imageJobs } from '../jobs.ts';

const GROUP = 'images';
const BLOCK_MS = 2_000;
const DEAD_LETTERS_MAX = 10_000;
const { stream } = imageJobs;

export type QueueOptions = {
  redis: Redis;
  /** A connection of its own, since it blocks. */
  blocking: Redis;
  /** The name of this worker among all. */
  consumer: string;
  /** Jobs of others that were not acknowledged for so long are taken over. */
  claimAfterMs: number;
};

/** The jobs as one of several competing workers sees them. */
export class JobQueue {
  readonly group = GROUP;
  readonly stream = stream;
  readonly #options: QueueOptions;
  #resumed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Waits for Redis. Call it again after a failure. */
  async open(): Promise<void> {
    this.#resumed = false;
    await ensureGroup(this.#options.blocking, stream, GROUP);
  }

  /**
   * The next job, if there is one within two seconds: one of our own that a crash left behind,
   * then one abandoned by another worker, then a new one.
   */
  async next(): Promise<StreamEntry | undefined> {
    const { redis, blocking, consumer, claimAfterMs } = this.#options;
    const own = ['GROUP', GROUP, consumer, 'COUNT', 1] as const;
    if (!this.#resumed) {
      const left = firstOf(await redis.xreadgroup(...own, 'STREAMS', stream, '0'));
      if (left) return left;
      this.#resumed = true;
    }
    const claimed = await redis.xautoclaim(
      stream,
      GROUP,
      consumer,
      claimAfterMs,
      '0-0',
      'COUNT',
      1,
    );
    const abandoned = toEntries(claimed[1])[0];
    return (
      abandoned ??
      firstOf(await blocking.xreadgroup(...own, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>'))
    );
  }

  async done(entry: StreamEntry): Promise<void> {
    await this.#options.redis.xack(stream, GROUP, entry.id);
  }

  /** Moves a job nobody can do to the dead-letter stream. */
  async bury(entry: StreamEntry, reason: string): Promise<void> {
    const facts = { group: GROUP, reason: reason.slice(0, 500), entry_id: entry.id };
    const fields = Object.entries({ ...entry.fields, ...facts }).flat();
    await this.#options.redis.xadd(
      `${stream}.dead`,
      'MAXLEN',
      '~',
      DEAD_LETTERS_MAX,
      '*',
      ...fields,
    );
    await this.done(entry);
  }
}

function firstOf(reply: unknown): StreamEntry | undefined {
  return Array.isArray(reply) ? toEntries(reply[0]?.[1])[0] : undefined;
}
