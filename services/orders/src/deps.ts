import type { Clock } from '@faultline/chassis/clock';
import type { HttpClient } from '@faultline/chassis/http-client';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import type { OrderChanges } from './changes.ts';
import type { OrdersCrashPoint } from './saga/crash-points.ts';
import type { SagaRunner } from './saga/runner.ts';
import type { SagaStore } from './saga/store.ts';

/** What the orders service's routes work with. */
export type OrdersDeps = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  clock: Clock;
  catalog: HttpClient;
  sagas: SagaStore;
  runner: SagaRunner;
  changes: OrderChanges;
  metrics: IdempotencyMetrics;
  crash?: ((point: OrdersCrashPoint) => void) | undefined;
  /** Aborts when the process drains: streams end then. */
  draining: AbortSignal;
  placeWaitMs: number;
  giveUpMs: number;
  /** Orders watched at a time. */
  streamsMax: number;
};

export type IdempotencyMetrics = {
  request(result: 'executed' | 'replayed' | 'in_progress' | 'mismatch'): void;
};
