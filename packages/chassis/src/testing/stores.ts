import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { systemClock } from '../clock.ts';
import { type Postgres, connectPostgres } from '../postgres.ts';
import { migrate } from '../migrate.ts';
import { silentLog } from './log.ts';

/** A database of its own for one test file, migrated, on the server the test run started. */
export type TestDatabase = Postgres & {
  readonly url: string;
  /** Closes the pool and drops the database. */
  drop(): Promise<void>;
};

/** Creates a database with the chassis' tables and those of `migrationsDir`. */
export async function createTestDatabase(migrationsDir: string): Promise<TestDatabase> {
  const { url, drop } = await createEmptyDatabase();
  await migrate({ url, dir: migrationsDir, log: silentLog });
  const postgres = connectPostgres({
    url,
    applicationName: 'test',
    poolMax: 8,
    clock: systemClock,
    log: silentLog,
  });
  return {
    ...postgres,
    url,
    async drop() {
      await postgres.close();
      await drop();
    },
  };
}

/** Creates a database without any table, as a service finds it at its first start. */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(`CREATE DATABASE ${name}`);
  const url = new URL(required('TEST_POSTGRES_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asSuperuser(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** A Redis URL whose logical database is `index` (0 to 15) of the server the test run started. */
export function testRedisUrl(index = 0): string {
  const url = new URL(required('TEST_REDIS_URL'));
  url.pathname = `/${index}`;
  return url.href;
}

async function asSuperuser(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: required('TEST_POSTGRES_URL') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set; run the tests through npm test or mocha from the root`);
  return value;
}
