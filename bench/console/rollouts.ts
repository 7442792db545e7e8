import { systemClock } from '@faultline/chassis/clock';
import { openReport, recordTick } from '../../local/src/rollouts/report.ts';

export type RolloutPart = 'at rest' | 'rolling' | 'undone';

const phases = { 'at rest': 'Initialized', rolling: 'Progressing', undone: 'Failed' } as const;
const STEPS = 3;
const STEP_MS = 10_000;
const STEP_PERCENT = 10;
const THRESHOLD = 2;
const metrics = [
  { metric: 'success-rate', value: 99.4, query: 'sum(rate(response_total[20s]))' },
  { metric: 'latency-p95', value: 180, query: 'histogram_quantile(0.95, …)' },
];

/** A rollout as the engine tells of it: at rest, at its third step, or undone there. */
export function rolloutOf(service: string, part: RolloutPart) {
  const weight = part === 'rolling' ? STEPS * STEP_PERCENT : 0;
  return {
    service,
    phase: phases[part],
    weight,
    weights: { primary: 100 - weight, canary: weight },
    failed_checks: part === 'undone' ? THRESHOLD : 0,
    threshold: THRESHOLD,
    iterations: 0,
    paused: false,
    interval_ms: STEP_MS,
    primary: { version: '1.0.0', replicas: 1, ready: 1 },
    canary: part === 'rolling' ? { version: '1.1.0', replicas: 1, ready: 1 } : null,
    message: null,
    report: part === 'at rest' ? null : reportOf(service, part === 'undone'),
  };
}

function reportOf(service: string, isBad: boolean) {
  const startMs = systemClock.now() - 2 * STEPS * STEP_MS;
  let report = openReport({ service, fromVersion: '1.0.0', toVersion: '1.1.0', atMs: startMs });
  for (let step = 1; step <= STEPS; step++) {
    const isLast = step === STEPS && isBad;
    const weight = isLast ? 0 : step * STEP_PERCENT;
    report = recordTick(report, {
      atMs: startMs + step * STEP_MS,
      before: 'Progressing',
      result: {
        // Only what the report reads.
        state: { phase: isLast ? 'Failed' : 'Progressing' } as never,
        actions: [
          { kind: 'set-routes', weights: { primary: 100 - weight, canary: weight } } as never,
        ],
        events: [isLast ? undone(service) : advanced(service, weight)],
      },
      verdicts: metrics.map(({ metric, value, query }) =>
        isBad && step > 1 && metric === 'success-rate'
          ? { kind: 'fail', metric, query, value: 71.2, reason: '71.2 < 99' }
          : { kind: 'pass', metric, query, value },
      ) as never,
      requestsMet: step * 40,
    });
  }
  return report;
}

function advanced(service: string, weight: number) {
  return { type: 'Normal', message: `Advance ${service} canary weight ${weight}` } as const;
}

function undone(service: string) {
  return { type: 'Warning', message: `Rolling back ${service}: failed checks` } as const;
}
