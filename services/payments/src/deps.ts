import type { Clock } from '@faultline/chassis/clock';
import type { CrashPoint } from '@faultline/chassis/crash';
import type { Logger } from '@faultline/chassis/log';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import type { PaymentProvider } from './provider/port.ts';

/** Durations in milliseconds. */
export type Timing = {
  /** Longer than asking the provider and acting on the answer can take. */
  leaseMs: number;
  /** Pause before an open payment is asked about again; doubles up to `retryMsMax`. */
  retryMs: number;
  retryMsMax: number;
  /** How long a charge that the provider did not know when it was voided is watched for. */
  watchMs: number;
};

/** What the whole service is a function of. */
export type PaymentsDeps = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  provider: PaymentProvider;
  clock: Clock;
  log: Logger;
  timing: Timing;
  crash?: CrashPoint | undefined;
};
