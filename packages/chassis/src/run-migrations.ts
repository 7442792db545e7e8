import { resolve } from 'node:path';
import { systemClock } from './clock.ts';
import { readMigrationsConfig } from './config.ts';
import { createLogger } from './log.ts';
import { migrate } from './migrate.ts';
import { untilPostgresServes } from './postgres.ts';

/*
 * `node ../../packages/chassis/src/run-migrations.ts`, in a service's folder, brings its database up
 * to date and ends. A cluster's Job runs it; any number may run at once.
 */
const config = readMigrationsConfig();
const log = createLogger(config);
await untilPostgresServes(config.DATABASE_URL, systemClock);
await migrate({ url: config.DATABASE_URL, dir: resolve('migrations'), log });
log.info({}, 'the database is up to date');
