import { systemClock } from '@faultline/chassis/clock';
import { connectPostgres, type Postgres } from '@faultline/chassis/postgres';
import { silentLog } from '@faultline/chassis/testing/log';
import type { QueryResultRow } from 'pg';

/** A superuser's look into each service's database, also across restarts of the server. */
export class Databases implements AsyncDisposable {
  readonly #adminUrl: string;
  readonly #open = new Map<string, Postgres>();

  constructor(adminUrl: string) {
    this.#adminUrl = adminUrl;
  }

  async query<Row extends QueryResultRow>(
    database: string,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const { rows } = await this.#connect(database).pool.query<Row>(sql, [...values]);
    return rows;
  }

  /** The services' databases, by name. */
  async names(): Promise<string[]> {
    const rows = await this.query<{ name: string }>(
      'postgres',
      `SELECT datname AS name FROM pg_database
       WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  /** The databases that have a table of this name. */
  async having(table: string): Promise<string[]> {
    const names = await this.names();
    const found = await Promise.all(
      names.map((name) => this.query(name, 'SELECT to_regclass($1) IS NOT NULL AS it', [table])),
    );
    return names.filter((_, index) => found[index]?.[0]?.['it'] === true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((postgres) => postgres.close()));
  }

  #connect(database: string): Postgres {
    const known = this.#open.get(database);
    if (known) return known;
    const url = new URL(this.#adminUrl);
    url.pathname = `/${database}`;
    const postgres = connectPostgres({
      url: url.href,
      applicationName: 'system tests',
      poolMax: 2,
      clock: systemClock,
      log: silentLog,
    });
    this.#open.set(database, postgres);
    return postgres;
  }
}
