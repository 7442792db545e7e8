import type { Spread } from './histogram.ts';
import type { OrderCounts } from './order-book.ts';

/** All journeys of a name. */
export type JourneyCounts = {
  started: number;
  completed: number;
  /** Ended at a request that failed. */
  failed: number;
  /** Not begun, because too many were under way. */
  shed: number;
  latency_ms: Spread;
};

/** All requests of a name. */
export type StepCounts = {
  requests: number;
  failed: number;
  /** Answered, with a part missing. */
  degraded: number;
  latency_ms: Spread;
};

/** All failures that are the same. */
export type ErrorCounts = {
  /** Such as `503 unavailable (orders)`, `reset ECONNRESET`, `timeout`, `wrong body`. */
  cause: string;
  kind: 'status' | 'problem' | 'refused' | 'reset' | 'timeout' | 'body';
  count: number;
  /** How many of which request. */
  steps: Record<string, number>;
  /** Milliseconds after the start of the run. */
  first_at_ms: number;
  last_at_ms: number;
  example: { step: string; detail: string; trace_id: string | null };
};

/** What a run did and met. Latencies count from when a request was due. */
export type LoadReport = {
  target: string;
  seed: number;
  /** Requests a second. */
  rps: { asked: number; sent: number };
  duration_ms: number;
  requests: number;
  failed: number;
  degraded: number;
  shed: number;
  in_flight: number;
  /** Cut off because the run was over. */
  unfinished: number;
  latency_ms: Spread;
  /** How late people were sent off: if this is much, the machine was too busy to make this load. */
  lag_ms: Spread;
  journeys: Record<string, JourneyCounts>;
  steps: Record<string, StepCounts>;
  errors: ErrorCounts[];
  orders: OrderCounts;
};
