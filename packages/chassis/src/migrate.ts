import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type { Logger } from './log.ts';

const CHASSIS_DIR = fileURLToPath(new URL('../migrations', import.meta.url));

/**
 * Brings a service's database up to date: first the chassis' tables (outbox, inbox, idempotency
 * keys), then the service's SQL files in `dir` (see node-pg-migrate). Replicas may start at once:
 * an advisory lock lets one migrate while the others wait.
 */
export async function migrate(options: { url: string; dir: string; log: Logger }): Promise<void> {
  await apply(options, { dir: CHASSIS_DIR, migrationsTable: 'chassis_migrations' });
  await apply(options, { dir: options.dir, migrationsTable: 'schema_migrations' });
}

async function apply(
  { url, log }: { url: string; log: Logger },
  source: { dir: string; migrationsTable: string },
): Promise<void> {
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
