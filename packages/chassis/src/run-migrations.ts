import { resolve } from 'node:path';
import { systemClock } from './clock.ts';
import { readMigrationsConfig } from './config.ts';
import { createLogger } from './log.ts';
import { migrate } from './migrate.ts';
import { oncePostgresServes } from './postgres.ts';

/*
 * `node ../../packages/chassis/src/run-migrations.ts`, in a service's folder, brings its database up
 * to date and ends. A cluster's Job runs it; any number may run at once.
 */
const config = readMigrationsConfig();
const log = createLogger(config);
const options = { url: config.DATABASE_URL, dir: resolve('migrations'), log };
await oncePostgresServes(() => migrate(options), systemClock);
log.info({}, 'the database is up to date');
