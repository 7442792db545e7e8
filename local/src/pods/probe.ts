/** Thresholds of a probe. */
export type Thresholds = { successThreshold: number; failureThreshold: number };

/** What a probe has concluded so far and how far it is from concluding the opposite. */
export type ProbeState = {
  verdict: 'unknown' | 'healthy' | 'failed';
  successes: number;
  failures: number;
};

export const initialProbeState: ProbeState = { verdict: 'unknown', successes: 0, failures: 0 };

/** The state after one more result: only an unbroken run as long as its threshold changes it. */
export function afterProbe(
  state: ProbeState,
  result: 'success' | 'failure',
  thresholds: Thresholds,
): ProbeState {
  const successes = result === 'success' ? state.successes + 1 : 0;
  const failures = result === 'failure' ? state.failures + 1 : 0;
  if (successes >= thresholds.successThreshold) return { verdict: 'healthy', successes, failures };
  if (failures >= thresholds.failureThreshold) return { verdict: 'failed', successes, failures };
  return { verdict: state.verdict, successes, failures };
}
