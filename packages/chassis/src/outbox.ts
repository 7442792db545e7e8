import { currentTraceparent, runWithTraceparent } from '@faultline/telemetry/spans-api';
import { injectContext, withProducerSpan } from '@faultline/telemetry/messaging';
import type { Redis } from 'ioredis';
import type { Clock } from './clock.ts';
import type { EventEnvelope, NewEvent } from './events.ts';
import { uuidv7 } from './ids.ts';
import type { Logger } from './log.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { Db, Postgres } from './postgres.ts';
import { whenReady } from './redis.ts';
import { compareEntryIds, lastEntryId, trimHandled } from './streams.ts';

const BATCH_MAX = 100;
/** Above the poll interval of a healthy system nobody waits for: `nudge` wakes the relay. */
const POLL_INTERVAL_MS = 1_000;
const BACKOFF_MS_MAX = 5_000;
const RETENTION_HOURS = 24;
/** Past this many entries the relay waits: the outbox holds what a dead consumer would pile up in memory. */
const STREAM_LENGTH_MAX = 500_000;
/** Rows are published in the order in which their transactions commit, which is nearly that of `seq`. */
const NEWEST_COMPARED = 1_000;
const RELAY_LOCK = 0x0b_0c_05;

type Row = {
  seq: string;
  stream: string;
  entry_id: string | null;
  event: EventEnvelope;
  traceparent: string | null;
};

/**
 * Transactional outbox: `append` writes events in the transaction that changes the state, a relay
 * publishes them to Redis Streams in order, at least once. Rows stay for 24 hours after publishing,
 * so that what a failed-over Redis forgot is published again, under the same event ids.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #wake = new AbortController();
  #streamsVerified = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.redis.on('ready', () => {
      this.#streamsVerified = false;
    });
  }

  /** Records `event` for publication on `stream`; call it inside the transaction of the change. */
  async append(tx: Db, stream: string, event: NewEvent): Promise<EventEnvelope> {
    const { clock } = this.#options;
    const envelope: EventEnvelope = {
      ...event,
      id: uuidv7(clock),
      time: new Date(clock.now()).toISOString(),
    };
    await tx.query(
      'INSERT INTO outbox (event_id, stream, event, traceparent) VALUES ($1, $2, $3, $4)',
      [envelope.id, stream, envelope, currentTraceparent() ?? null],
    );
    return envelope;
  }

  /** Tells the relay that a transaction with events has committed. */
  nudge(): void {
    this.#wake.abort();
  }

  /** Publishes until `signal` aborts; a batch in hand is finished first. */
  async relay(signal: AbortSignal): Promise<void> {
    const { clock, log, metrics, redis } = this.#options;
    let failures = 0;
    await whenReady(redis, { clock, signal, maxMs: BACKOFF_MS_MAX });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let published = 0;
      try {
        published = await this.#publishBatch();
        failures = 0;
      } catch (error) {
        failures++;
        metrics.failed();
        if (failures === 1) log.warn({ err: error }, 'the outbox relay could not publish');
      }
      if (published === BATCH_MAX) continue;
      const pauseMs =
        failures === 0 ? POLL_INTERVAL_MS : Math.min(100 * 2 ** failures, BACKOFF_MS_MAX);
      const wake = failures === 0 ? [signal, this.#wake.signal] : [signal];
      await clock.sleep(pauseMs, AbortSignal.any(wake));
    }
  }

  /** Publishes what is waiting, without waiting for more; for the end of a process. */
  async flush(): Promise<void> {
    while ((await this.#publishBatch()) === BATCH_MAX);
  }

  /** One transaction: the oldest unpublished rows, under a lock that makes this the only relay. */
  async #publishBatch(): Promise<number> {
    const { postgres, redis, metrics, crash } = this.#options;
    return postgres.transaction(async (tx) => {
      const { rows: lock } = await tx.query<{ held: boolean }>(
        'SELECT pg_try_advisory_xact_lock($1) AS held',
        [RELAY_LOCK],
      );
      if (!lock[0]?.held) return 0;
      if (!this.#streamsVerified) await this.#forgetLost(tx, redis);
      this.#streamsVerified = true;
      const { rows } = await tx.query<Row>(
        'SELECT seq, stream, entry_id, event, traceparent FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT $1',
        [BATCH_MAX],
      );
      await requireRoom(redis, new Set(rows.map((row) => row.stream)));
      for (const row of rows) {
        crash?.('relay.before-publish');
        const entryId = await publish(redis, row);
        crash?.('relay.after-publish');
        await tx.query('UPDATE outbox SET published_at = now(), entry_id = $2 WHERE seq = $1', [
          row.seq,
          entryId,
        ]);
        metrics.published(row.stream, row.event.type);
      }
      return rows.length;
    });
  }

  /** Forgets rows past their retention and stream entries that every group has handled. */
  async tidy(): Promise<void> {
    const { postgres, redis, clock } = this.#options;
    await postgres.pool.query(
      'DELETE FROM outbox WHERE published_at < now() - make_interval(hours => $1)',
      [RETENTION_HOURS],
    );
    const { rows } = await postgres.pool.query<{ stream: string }>(
      'SELECT DISTINCT stream FROM outbox',
    );
    for (const { stream } of rows) {
      await trimHandled(redis, stream, clock.now() - RETENTION_HOURS * 3_600_000);
    }
  }

  /**
   * A stream whose last id is older than what was published to it has lost entries (a fail-over or
   * a restore): those rows become unpublished again. Consumers drop what they have seen.
   */
  async #forgetLost(tx: Db, redis: Redis): Promise<void> {
    const { rows } = await tx.query<{ stream: string; entry_ids: string[] }>(
      `SELECT stream, array_agg(entry_id) AS entry_ids
       FROM (SELECT DISTINCT stream FROM outbox WHERE entry_id IS NOT NULL) AS streams
       CROSS JOIN LATERAL (
         SELECT entry_id FROM outbox
         WHERE outbox.stream = streams.stream AND entry_id IS NOT NULL
         ORDER BY seq DESC LIMIT $1
       ) AS newest
       GROUP BY stream`,
      [NEWEST_COMPARED],
    );
    for (const { stream, entry_ids } of rows) {
      const newest = entry_ids.toSorted(compareEntryIds).at(-1) ?? '0-0';
      const last = await lastEntryId(redis, stream);
      if (compareEntryIds(last, newest) >= 0) continue;
      const { rows: kept } = await tx.query<{ seq: string; entry_id: string }>(
        'SELECT seq, entry_id FROM outbox WHERE stream = $1 AND entry_id IS NOT NULL',
        [stream],
      );
      const lost = kept
        .filter((row) => compareEntryIds(row.entry_id, last) > 0)
        .map((row) => row.seq);
      await tx.query('UPDATE outbox SET published_at = NULL, entry_id = NULL WHERE seq = ANY($1)', [
        lost,
      ]);
      this.#options.log.warn(
        { stream, events: lost.length },
        'the stream lost events; publishing them again',
      );
    }
  }

  /** Rows that wait and the age of the oldest in seconds, for metrics. */
  async backlog(): Promise<{ pending: number; oldestAgeSeconds: number }> {
    const { rows } = await this.#options.postgres.pool.query<{ pending: number; age: number }>(
      `SELECT count(*)::int AS pending, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS age
       FROM outbox WHERE published_at IS NULL`,
    );
    return { pending: rows[0]?.pending ?? 0, oldestAgeSeconds: rows[0]?.age ?? 0 };
  }
}

export type OutboxOptions = {
  postgres: Postgres;
  redis: Redis;
  clock: Clock;
  log: Logger;
  metrics: OutboxMetrics;
  /** Called at named points; a test ends the process there. */
  crash?: (point: string) => void;
};

function publish(redis: Redis, { stream, event, traceparent }: Row): Promise<string> {
  return runWithTraceparent(traceparent ?? undefined, () =>
    withProducerSpan(stream, event.type, async () => {
      const fields = injectContext({ event: JSON.stringify(event) });
      const id = await redis.xadd(stream, '*', ...Object.entries(fields).flat());
      if (id === null) throw new Error(`XADD to ${stream} returned no entry id`);
      return id;
    }),
  );
}

async function requireRoom(redis: Redis, streams: ReadonlySet<string>): Promise<void> {
  for (const stream of streams) {
    const length = await redis.xlen(stream);
    if (length >= STREAM_LENGTH_MAX) throw new Error(`stream ${stream} is full: ${length} entries`);
  }
}
