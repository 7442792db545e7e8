import type { Outcome } from './classify.ts';

/** A route's retries, from `retry.linkerd.io/*`. */
export type RetryPolicy = {
  /** Inclusive ranges of HTTP statuses. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  readonly grpcStatuses: readonly number[];
  /** Attempts beyond the first. */
  readonly limit: number;
  /** From the request sent to the reply's headers, for each attempt but the last. */
  readonly timeoutMs?: number;
};

/** Bodies above this are not kept, and so their requests not sent again. */
export const REPLAY_BYTES_MAX = 64 * 1024;

/** How an attempt ended, as far as retrying is concerned. */
export type Attempt =
  | Outcome
  /** Errors of the balancer and the route itself. */
  | {
      readonly kind: 'local';
      readonly error: 'fail-fast' | 'load-shed' | 'retry-timeout' | 'final';
    };

/**
 * Whether an attempt's end calls for another: a listed status, the queue's fail-fast or the retry
 * timeout. A connection error has become a 502 by then and is retried only if 502 is listed; load
 * shedding, the route's own timeouts and backends that do not exist are final.
 */
export function isRetryable(policy: RetryPolicy, attempt: Attempt): boolean {
  switch (attempt.kind) {
    case 'local':
      return attempt.error === 'fail-fast' || attempt.error === 'retry-timeout';
    case 'error':
      return covers(policy, attempt.error === 'timeout' ? 504 : 502);
    case 'response':
      return attempt.grpcStatus === undefined
        ? covers(policy, attempt.status)
        : policy.grpcStatuses.includes(attempt.grpcStatus);
  }
}

function covers(policy: RetryPolicy, status: number): boolean {
  return policy.statuses.some(([from, to]) => status >= from && status <= to);
}
