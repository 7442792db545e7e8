import { type Postgres, sqlState } from '@faultline/chassis/postgres';
import { ProblemError } from '@faultline/chassis/errors';

const STATEMENT_TIMEOUT_MS = 2_000;
const QUERY_CANCELED = '57014';

/** Rows of one statement. `values` holds whatever came from outside. */
export type Read = <Row>(sql: string, values: readonly unknown[]) => Promise<Row[]>;

/**
 * Reads with statements that may take two seconds each.
 * @throws ProblemError `unavailable` when one takes longer, or when the database is away.
 */
export function reading<T>(postgres: Postgres, work: (read: Read) => Promise<T>): Promise<T> {
  return postgres.transaction(async (tx) => {
    await tx.query(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    return work(async (sql, values) => {
      const { rows } = await tx.query(sql, [...values]).catch(refuseSlow);
      return rows;
    });
  });
}

function refuseSlow(error: unknown): never {
  if (sqlState(error) !== QUERY_CANCELED) throw error;
  throw new ProblemError('unavailable', 'The search took too long.', {
    reason: 'search_timeout',
    retryAfterSeconds: 1,
    cause: error,
  });
}

/** Collects the values of a statement; `add` gives the placeholder of each. */
export class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}
