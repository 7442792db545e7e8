/**
 * How long to wait before a container that ended is started again: doubling, as in Kubernetes, but
 * from 250 ms to 30 s instead of 10 s to 5 min, since here somebody is watching.
 */
export const backoff = { firstMs: 250, maxMs: 30_000, resetAfterMs: 60_000 } as const;

export type BackoffState = { failures: number };

/** The state after a container ended that had run for `ranMs`, and the wait before its next start. */
export function afterExit(
  state: BackoffState,
  ranMs: number,
): { state: BackoffState; delayMs: number } {
  const failures = ranMs >= backoff.resetAfterMs ? 1 : state.failures + 1;
  const delayMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (failures - 1));
  return { state: { failures }, delayMs };
}
