import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTemplate } from '../local/src/stores/postgres-cluster.ts';
import { startPostgres } from '../local/src/stores/postgres.ts';
import { startRedis } from '../local/src/stores/redis.ts';
import { publishStore, testStores } from './config.ts';

/*
 * One real PostgreSQL and one real Redis for all tests of a run: TEST_POSTGRES_URL (superuser; each
 * test creates its own database) and TEST_REDIS_URL. They end with the run, however it ends: the
 * stores' own guard sees to that. Systems that tests start copy a cluster that is made here once.
 */
const stops: (() => Promise<void>)[] = [];

export async function mochaGlobalSetup(): Promise<void> {
  if (testStores.none) return;
  const dir = await mkdtemp(join(tmpdir(), 'faultline-test-'));
  stops.push(() => rm(dir, { recursive: true, force: true }));
  const template = join(dir, 'template');
  await createTemplate(template);
  publishStore('FAULTLINE_POSTGRES_TEMPLATE', template);
  await Promise.all([
    testStores.postgresUrl ?? startTestPostgres(join(dir, 'postgres'), template),
    testStores.redisUrl ?? startTestRedis(join(dir, 'redis')),
  ]);
}

export async function mochaGlobalTeardown(): Promise<void> {
  // The directory was pushed first and goes last.
  for (const stop of stops.splice(0).toReversed()) await stop();
}

async function startTestPostgres(dir: string, template: string): Promise<void> {
  const postgres = await startPostgres({ dir, template });
  stops.push(() => postgres.stop());
  publishStore('TEST_POSTGRES_URL', postgres.url);
}

async function startTestRedis(dir: string): Promise<void> {
  const redis = await startRedis({ dir });
  stops.push(() => redis.stop());
  publishStore('TEST_REDIS_URL', redis.url);
}
