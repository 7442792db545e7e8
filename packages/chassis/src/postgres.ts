import pg from 'pg';
import type { Clock } from './clock.ts';
import { ProblemError } from './errors.ts';
import type { Logger } from './log.ts';

/** What can run a query: the pool, or the client of a transaction. */
export type Db = Pick<pg.ClientBase, 'query'>;

export type Postgres = {
  readonly pool: pg.Pool;
  /**
   * Runs `work` in one READ COMMITTED transaction and returns its result. Serialisation failures
   * and deadlocks are tried again as a whole, three times at most; nothing is retried once COMMIT
   * was sent, because its outcome is then unknown.
   */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** For `/health/details`. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

const ATTEMPTS_MAX = 3;
const DEPENDENCY = 'postgresql';
const RETRYABLE = new Set(['40001', '40P01']);

/**
 * A pool that survives restarts of the server: bounded waits, dead connections dropped, idle
 * errors logged instead of thrown.
 */
export function connectPostgres(options: {
  url: string;
  applicationName: string;
  poolMax: number;
  clock: Clock;
  log: Logger;
}): Postgres {
  const { log, clock } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolMax,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: 600,
    keepAlive: true,
    query_timeout: 10_000,
    statement_timeout: 9_000,
    idle_in_transaction_session_timeout: 15_000,
  });
  // A connection that breaks while it is checked out rejects its query; it must not throw as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection failed'));
  translateFailures(pool);
  return {
    pool,
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await attemptTransaction(pool, work);
        } catch (error) {
          if (attempt >= ATTEMPTS_MAX || !RETRYABLE.has(sqlState(error))) throw translate(error);
          await clock.sleep(attempt * 10);
        }
      }
    },
    async ping() {
      await pool.query('SELECT 1');
    },
    close: () => pool.end(),
  };
}

const PATIENCE_MS = 45_000;
const ASK_AGAIN_MS = 100;
// A server that is being set up may not know its roles and databases yet.
const NOT_YET = new Set(['28000', '28P01', '3D000']);

/**
 * Does `work`, which may be done again, as soon as the server lets it: server, role and database may
 * be being set up beside it, or on a machine that has no time for connections yet. Rejects with the
 * last failure after 45 s, at once with one that waiting will not change.
 */
export async function oncePostgresServes<T>(work: () => Promise<T>, clock: Clock): Promise<T> {
  const deadlineMs = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const mayChange = isConnectionFailure(error) || NOT_YET.has(sqlState(error));
      if (!mayChange || clock.monotonic() > deadlineMs) throw error;
    }
    await clock.sleep(ASK_AGAIN_MS);
  }
}

/** Makes what fails in the pool's own queries what it is in transactions: a problem to be shown. */
function translateFailures(pool: pg.Pool): void {
  const query: (...call: unknown[]) => Promise<unknown> = pool.query.bind(pool);
  const translating = (...call: unknown[]) =>
    query(...call).catch((error: unknown) => {
      throw translate(error);
    });
  // One function stands for all overloads; of those with a callback none is used.
  pool.query = translating as typeof pool.query;
}

async function attemptTransaction<T>(pool: pg.Pool, work: (tx: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translate(error);
  });
  let failure: unknown;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    failure = error;
    await client.query('ROLLBACK').catch(() => {
      failure = new Error('the connection did not survive the transaction', { cause: error });
    });
    throw error;
  } finally {
    client.release(failure !== undefined && isConnectionFailure(failure) ? true : undefined);
  }
}

/** The SQLSTATE of a PostgreSQL error, or the code of a socket error, or ''. */
export function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** Whether the server or the way to it failed, rather than the statement; translated or not. */
export function isConnectionFailure(error: unknown): boolean {
  if (error instanceof ProblemError) return error.options.dependency === DEPENDENCY;
  const code = sqlState(error);
  if (/^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)) return /^(08|57P|53|25006|58)/.test(code);
  if (/^E[A-Z]+$/.test(code)) return true;
  return (
    error instanceof Error && /timeout|terminated|Connection|connection|survive/.test(error.message)
  );
}

/** A failed database as the problem a caller may see; any other error is passed through. */
function translate(error: unknown): unknown {
  if (error instanceof ProblemError || !isConnectionFailure(error)) return error;
  return new ProblemError('unavailable', 'The database is not available.', {
    dependency: DEPENDENCY,
    retryAfterSeconds: 1,
    cause: error,
  });
}
