/** How long a step waits before it is tried again. Milliseconds. */
export type Backoff = {
  firstMs: number;
  /** A customer waits for what goes forward; what is undone may take its time. */
  forwardMsMax: number;
  undoMsMax: number;
};

export const defaultBackoff: Backoff = { firstMs: 100, forwardMsMax: 5_000, undoMsMax: 30_000 };

/** Doubles from the first wait to the longest, of which the upper half is left to `random` (0 to 1). */
export function backoffMs(
  backoff: Backoff,
  step: { phase: 'forward' | 'undo'; attempts: number; random: number },
): number {
  const longestMs = step.phase === 'undo' ? backoff.undoMsMax : backoff.forwardMsMax;
  const ceilingMs = Math.min(longestMs, backoff.firstMs * 2 ** Math.min(step.attempts, 20));
  return Math.round((ceilingMs / 2) * (1 + step.random));
}
