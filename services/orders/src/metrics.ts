import type { Metrics } from '@faultline/chassis/metrics';
import { METRICS } from '@faultline/telemetry/metrics';
import type { IdempotencyMetrics } from './deps.ts';
import type { SagaMetrics } from './saga/runner.ts';

/** The instruments of the orders service. */
export function createOrdersMetrics(metrics: Metrics): {
  saga: SagaMetrics;
  idempotency: IdempotencyMetrics;
  inFlight(count: number): void;
} {
  const steps = metrics.counter(METRICS.sagaSteps);
  const inFlight = metrics.gauge(METRICS.sagaInFlight);
  const requests = metrics.counter(METRICS.idempotencyRequests);
  return {
    saga: { step: (step, result) => steps.inc({ saga: 'order', step, result }) },
    idempotency: { request: (result) => requests.inc({ result }) },
    inFlight: (count) => inFlight.set({ saga: 'order' }, count),
  };
}
