import type { Clock } from '@faultline/chassis/clock';
import type { Incident } from '@faultline/origin/model';
import type { SpanMetrics } from '../metrics/span-metrics.ts';
import type { TraceStore } from '../storage/trace-store.ts';

/** What the query API answers from. */
export type ApiDeps = {
  store: TraceStore;
  metrics: SpanMetrics;
  clock: Clock;
  /** What is known of who broke first, for searches by it. */
  incidents: () => readonly Incident[];
};
