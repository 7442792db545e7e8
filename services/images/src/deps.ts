import type { Clock } from '@faultline/chassis/clock';
import type { CrashPoint } from '@faultline/chassis/crash';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';

/** What the images API needs to run. */
export type ImagesDeps = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  clock: Clock;
  crash?: CrashPoint | undefined;
};
