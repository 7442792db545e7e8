import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/**
 * A Redis connection for request paths: fails fast while Redis is away (no unbounded queue), never
 * re-sends a command by itself, reconnects for ever.
 */
export function connectRedis(options: {
  url: string;
  log: Logger;
  commandTimeoutMs?: number;
}): Redis {
  return connect(options, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: options.commandTimeoutMs ?? 2_000,
  });
}

/**
 * A connection of its own for blocking reads, which may wait for as long as `BLOCK` says, 10 s at
 * most. A read that the connection breaks under fails at once: what it was handed stays pending,
 * and its reader has to look there first.
 */
export function connectBlockingRedis(options: { url: string; log: Logger }): Redis {
  return connect(options, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
    socketTimeout: 12_000,
  });
}

function connect(
  { url, log }: { url: string; log: Logger },
  extra: Omit<RedisOptions, 'replyMapping'>,
): Redis {
  const redis = new Redis(url, {
    ...extra,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 3_000,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let failing = false;
  let isReady = false;
  const onFailure = (reason: object) => {
    if (!failing) log.warn(reason, 'redis is not available');
    failing = true;
  };
  redis.on('ready', () => {
    failing = false;
    isReady = true;
  });
  redis.on('error', (error: Error) => onFailure({ err: error }));
  // A server that sends one away, as Redis in protected mode does, is no error to the client.
  redis.on('close', () => {
    if (!isReady) onFailure({ reason: 'it closed the connection before it was ready' });
    isReady = false;
  });
  return redis;
}

/** Waits until the connection is up, `maxMs` have passed or `signal` aborts, whichever is first. */
export async function whenReady(
  redis: Redis,
  wait: { clock: Clock; maxMs: number; signal: AbortSignal },
): Promise<void> {
  if (redis.status === 'ready') return;
  const up = new AbortController();
  const onReady = () => up.abort();
  redis.once('ready', onReady);
  await wait.clock.sleep(wait.maxMs, AbortSignal.any([wait.signal, up.signal]));
  redis.off('ready', onReady);
}

/** Ends the connection, politely when it is up. */
export async function disconnectRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect());
  else redis.disconnect();
}
