import { readdir } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

const CHASSIS_DIR = fileURLToPath(new URL('../migrations', import.meta.url));
const CHASSIS_TABLE = 'chassis_migrations';
const SERVICE_TABLE = 'schema_migrations';
const PATIENCE_MS = 45_000;
const ASK_AGAIN_MS = 250;

type Source = { dir: string; migrationsTable: string };

/**
 * Brings a service's database up to date: first the chassis' tables (outbox, inbox, idempotency
 * keys), then the service's SQL files in `dir` (see node-pg-migrate). Replicas may start at once:
 * an advisory lock lets one migrate while the others wait.
 */
export async function migrate(options: { url: string; dir: string; log: Logger }): Promise<void> {
  if ((await pending(options)).length === 0) return;
  for (const source of sourcesOf(options.dir)) await apply(options, source);
}

/**
 * Resolves when somebody else has applied all that {@link migrate} would, as a cluster's Job does.
 * What a newer version has applied besides is no hindrance.
 * @throws Error naming what is missing after 45 s; who is restarted then waits again.
 */
export async function untilMigrated(options: {
  url: string;
  dir: string;
  clock: Clock;
  log: Logger;
}): Promise<void> {
  const { clock, log } = options;
  const deadlineMs = clock.monotonic() + PATIENCE_MS;
  for (let isFirst = true; ; isFirst = false) {
    const missing = await pending(options);
    if (missing.length === 0) return;
    if (isFirst) log.info({ migrations: missing }, 'waiting for migrations');
    if (clock.monotonic() > deadlineMs) {
      throw new Error(`nobody has applied the migrations ${missing.join(', ')}: look at their Job`);
    }
    await clock.sleep(ASK_AGAIN_MS);
  }
}

function sourcesOf(dir: string): Source[] {
  return [
    { dir: CHASSIS_DIR, migrationsTable: CHASSIS_TABLE },
    { dir, migrationsTable: SERVICE_TABLE },
  ];
}

/** What of the files is not in the database, by the names node-pg-migrate gives them. */
async function pending({ url, dir }: { url: string; dir: string }): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  // What breaks between queries, the next one tells.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const missing: string[] = [];
    for (const source of sourcesOf(dir)) {
      const applied = await appliedNames(client, source.migrationsTable);
      const files = (await readdir(source.dir)).filter((file) => !file.startsWith('.'));
      const names = files.map((file) => basename(file, extname(file)));
      missing.push(...names.filter((name) => !applied.has(name)).toSorted());
    }
    return missing;
  } finally {
    // It may never have been connected.
    await client.end().catch(() => undefined);
  }
}

async function appliedNames(client: pg.Client, table: string): Promise<ReadonlySet<string>> {
  const { rows: found } = await client.query('SELECT 1 WHERE to_regclass($1) IS NOT NULL', [table]);
  if (found.length === 0) return new Set();
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table}`);
  return new Set(rows.map(({ name }) => name));
}

async function apply({ url, log }: { url: string; log: Logger }, source: Source): Promise<void> {
  // Loaded when there is something to do: most starts find everything done.
  const { runner } = await import('node-pg-migrate');
  const applied = await runner({
    ...source,
    databaseUrl: url,
    direction: 'up',
    checkOrder: true,
    advisoryLockMode: 'wait',
    log: () => undefined,
  });
  if (applied.length > 0) {
    log.info({ migrations: applied.map((migration) => migration.name) }, 'migrated the database');
  }
}
