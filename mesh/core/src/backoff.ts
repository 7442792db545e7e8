import type { Random } from './random.ts';

/** Exponential back-off. Milliseconds; the jitter is a ratio of the base (0 to 100). */
export type Backoff = {
  readonly minMs: number;
  readonly maxMs: number;
  readonly jitterRatio: number;
};

/** Retries of a route: 25, 50, 100, 200, 250 … ms and as much jitter again, 250 ms in all at most. */
export const RETRY_BACKOFF: Backoff = { minMs: 25, maxMs: 250, jitterRatio: 1 };

/**
 * The pause number `attempt` (from 0): `min·2^attempt`, capped, and a random share of it more, never
 * past the cap. As in linkerd2-proxy's exp-backoff the jitter of the base's whole seconds loses its
 * fraction, so a breaker's defaults give 1, 2, 4–5, 8–11, 16–23, 32–47, 60 s.
 */
export function backoffMs(
  { minMs, maxMs, jitterRatio }: Backoff,
  attempt: number,
  random: Random,
): number {
  const baseMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 32));
  const ratio = random() * jitterRatio;
  const wholeSeconds = Math.floor(Math.floor(baseMs / 1_000) * ratio);
  return Math.min(maxMs, baseMs + wholeSeconds * 1_000 + (baseMs % 1_000) * ratio);
}

/** Why a back-off cannot be used, or undefined. */
export function backoffFault({ minMs, maxMs, jitterRatio }: Backoff): string | undefined {
  if (minMs > maxMs) return 'the minimum is above the maximum';
  if (maxMs === 0) return 'the maximum is zero';
  return jitterRatio >= 0 && jitterRatio <= 100
    ? undefined
    : 'the jitter ratio is not between 0 and 100';
}
