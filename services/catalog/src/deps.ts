import type { Clock } from '@faultline/chassis/clock';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import type { Cache } from './cache.ts';

/** What the catalog's API needs to run. */
export type CatalogDeps = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  cache: Cache;
  clock: Clock;
};
