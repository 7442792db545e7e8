import { withConsumerSpan } from '@faultline/telemetry/messaging';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { Clock } from './clock.ts';
import { type EventEnvelope, eventEnvelope } from './events.ts';
import type { Logger } from './log.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { type Db, isConnectionFailure, type Postgres } from './postgres.ts';
import { whenReady } from './redis.ts';
import { ensureGroup, type StreamEntry, toEntries } from './streams.ts';

/** Thrown by a parser for an event no retry will mend; it goes to the dead-letter stream at once. */
export class PoisonEventError extends Error {
  override name = 'PoisonEventError';
}

/** A stream and the events on it, as a contract declares them. */
export type EventContract = {
  readonly stream: string;
  readonly types: Readonly<Record<string, { readonly version: number; readonly data: z.ZodType }>>;
};

/**
 * Checks type, version and data of an event against a contract.
 * @throws PoisonEventError saying which of them is unknown or wrong.
 */
function validateEvent(contract: EventContract, event: EventEnvelope): void {
  const known = contract.types[event.type];
  if (!known)
    throw new PoisonEventError(`the type ${event.type} is not known on ${contract.stream}`);
  if (event.version !== known.version) {
    throw new PoisonEventError(
      `${event.type} has version ${event.version}, expected ${known.version}`,
    );
  }
  const result = known.data.safeParse(event.data);
  if (!result.success)
    throw new PoisonEventError(
      `the data of ${event.type} is wrong: ${result.error.issues[0]?.message}`,
    );
}

/** What an event does, inside the transaction that also notes it as handled. */
export type EventHandler = (event: EventEnvelope, tx: Db) => Promise<void>;

export type ConsumerOptions = {
  contract: EventContract;
  group: string;
  /** This process among the group's consumers. */
  consumer: string;
  /** By event type; a type without a handler is acknowledged and skipped. */
  handlers: Readonly<Record<string, EventHandler>>;
  redis: Redis;
  /** A connection of its own, since it blocks. */
  blocking: Redis;
  postgres: Postgres;
  clock: Clock;
  log: Logger;
  metrics: ConsumerMetrics;
  crash?: (point: string) => void;
};

const BLOCK_MS = 2_000;
const BATCH_MAX = 50;
const DELIVERIES_MAX = 5;
const BACKOFF_MS_MAX = 5_000;
const EVENT_BYTES_MAX = 256 * 1024;
const LEASE_MS = 6_000;
/** Well above the day for which an outbox may publish an event again. */
const INBOX_RETENTION_DAYS = 7;

/**
 * Applies a stream's events once each and in order. One consumer of the group is active at a time
 * (a lease in Redis), so that order holds however many replicas run; the inbox table makes the
 * effect exactly one whatever is delivered twice. An event that fails is tried again in place, so
 * nothing overtakes it; after five attempts it moves to `<stream>.dead` with the reason. Failures
 * of the database are waited out and never counted against an event.
 */
export async function consume(options: ConsumerOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, group } = options;
  const { stream } = options.contract;
  let failures = 0;
  await whenReady(options.redis, { clock, signal, maxMs: BACKOFF_MS_MAX });
  while (!signal.aborted) {
    try {
      await ensureGroup(options.redis, stream, group);
      await consumeWhileLeader(options, signal);
      failures = 0;
    } catch (error) {
      failures++;
      if (failures === 1) log.warn({ err: error, stream, group }, 'the consumer lost its stream');
    }
    await clock.sleep(Math.min(100 * 2 ** failures, BACKOFF_MS_MAX), signal);
  }
  await releaseLease(options).catch((error: unknown) => {
    log.debug({ err: error, stream, group }, 'the consumer lease was left to expire');
  });
}

async function consumeWhileLeader(options: ConsumerOptions, signal: AbortSignal): Promise<void> {
  if (!(await holdLease(options))) return;
  await eachOwnPending(options, signal);
  while (!signal.aborted && (await holdLease(options))) {
    const reply: unknown = await options.blocking.xreadgroup(
      'GROUP',
      options.group,
      options.consumer,
      'COUNT',
      BATCH_MAX,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      options.contract.stream,
      '>',
    );
    await handleAll(options, Array.isArray(reply) ? toEntries(reply[0]?.[1]) : [], signal);
  }
}

/** Forgets events handled so long ago that no relay and no stream can bring them again. */
export async function forgetHandled(postgres: Postgres): Promise<void> {
  await postgres.pool.query(
    'DELETE FROM inbox WHERE handled_at < now() - make_interval(days => $1)',
    [INBOX_RETENTION_DAYS],
  );
}

/** What was delivered to a consumer that is gone, or to us before a crash, oldest first. */
async function eachOwnPending(options: ConsumerOptions, signal: AbortSignal): Promise<void> {
  let cursor = '0-0';
  do {
    // The lease is ours: no other consumer is at work on these, however recently they were delivered.
    const reply: unknown = await options.redis.xautoclaim(
      options.contract.stream,
      options.group,
      options.consumer,
      0,
      cursor,
      'COUNT',
      BATCH_MAX,
    );
    if (!Array.isArray(reply)) return;
    cursor = String(reply[0]);
    await handleAll(options, toEntries(reply[1]), signal);
  } while (cursor !== '0-0' && !signal.aborted);
}

async function handleAll(
  options: ConsumerOptions,
  entries: StreamEntry[],
  signal: AbortSignal,
): Promise<void> {
  for (const entry of entries) {
    if (signal.aborted) return;
    await holdLease(options);
    await handleUntilDone(options, entry, signal);
  }
}

async function handleUntilDone(
  options: ConsumerOptions,
  entry: StreamEntry,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, metrics, group } = options;
  const { stream } = options.contract;
  for (let attempt = 1, waited = 1; !signal.aborted; waited++) {
    try {
      await handleOnce(options, entry, attempt);
      options.crash?.('consumer.before-ack');
      await options.redis.xack(stream, group, entry.id);
      options.crash?.('consumer.after-ack');
      return;
    } catch (error) {
      const poison = error instanceof PoisonEventError;
      if (!poison && isConnectionFailure(error)) {
        if (waited === 1)
          log.warn({ err: error, stream, entry: entry.id }, 'waiting to handle an event');
        await holdLease(options);
      } else if (poison || attempt++ >= DELIVERIES_MAX) {
        await bury(options, entry, error);
        return;
      } else {
        metrics.retried(stream, group);
        log.warn({ err: error, stream, entry: entry.id, attempt }, 'an event could not be handled');
      }
      await clock.sleep(Math.min(50 * 2 ** waited, BACKOFF_MS_MAX / 2), signal);
    }
  }
}

async function handleOnce(
  options: ConsumerOptions,
  entry: StreamEntry,
  attempt: number,
): Promise<void> {
  const { group, postgres, metrics, clock } = options;
  const { stream } = options.contract;
  const startedMs = clock.monotonic();
  const event = parseEvent(options.contract, entry);
  const handled = (result: string) =>
    metrics.handled({
      stream,
      group,
      type: event.type,
      result,
      durationMs: clock.monotonic() - startedMs,
    });
  const handler = options.handlers[event.type];
  if (!handler) {
    handled('skipped');
    return;
  }
  const span = {
    stream,
    group,
    eventType: event.type,
    fields: entry.fields,
    deliveryCount: attempt,
    messageId: event.id,
  };
  const fresh = await withConsumerSpan(span, () =>
    postgres.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        'INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        [group, event.id],
      );
      if (rowCount === 0) return false;
      await handler(event, tx);
      options.crash?.('consumer.before-commit');
      return true;
    }),
  );
  handled(fresh ? 'applied' : 'duplicate');
}

/**
 * The event an entry holds, as its contract describes it.
 * @throws PoisonEventError that quotes nothing but names of types: its message is logged.
 */
export function parseEvent(contract: EventContract, entry: StreamEntry): EventEnvelope {
  const text = entry.fields['event'] ?? '';
  if (text.length > EVENT_BYTES_MAX)
    throw new PoisonEventError(`the event has ${text.length} bytes`);
  const result = eventEnvelope.safeParse(parseJson(text));
  if (!result.success)
    throw new PoisonEventError(`the envelope is wrong: ${result.error.issues[0]?.message}`);
  validateEvent(contract, result.data);
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    throw new PoisonEventError('the event is not JSON');
  }
}

async function bury(options: ConsumerOptions, entry: StreamEntry, error: unknown): Promise<void> {
  const { redis, group, log, metrics } = options;
  const { stream } = options.contract;
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // What the entry says of these itself does not count.
  const letter = {
    ...entry.fields,
    event: (entry.fields['event'] ?? '').slice(0, EVENT_BYTES_MAX),
    group,
    reason: reason.slice(0, 500),
    entry_id: entry.id,
  };
  const fields = Object.entries(letter).flat();
  await redis.xadd(`${stream}.dead`, 'MAXLEN', '~', 10_000, '*', ...fields);
  await redis.xack(stream, group, entry.id);
  metrics.buried(stream, group);
  log.error(
    { err: error, stream, group, entry: entry.id },
    'an event was moved to the dead-letter stream',
  );
}

function leaseKey({ contract, group }: ConsumerOptions): string {
  return `lease:${contract.stream}:${group}`;
}

/** Takes or renews the group's lease; false when another consumer holds it. */
async function holdLease(options: ConsumerOptions): Promise<boolean> {
  const key = leaseKey(options);
  if ((await options.redis.set(key, options.consumer, 'PX', LEASE_MS, 'NX')) === 'OK') return true;
  if ((await options.redis.get(key)) !== options.consumer) return false;
  await options.redis.pexpire(key, LEASE_MS);
  return true;
}

async function releaseLease(options: ConsumerOptions): Promise<void> {
  const key = leaseKey(options);
  if ((await options.redis.get(key)) === options.consumer) await options.redis.del(key);
}
