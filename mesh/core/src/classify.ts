/** What became of an exchange with an endpoint. */
export type Outcome =
  | { readonly kind: 'response'; readonly status: number; readonly grpcStatus?: number | undefined }
  | { readonly kind: 'error'; readonly error: 'connect' | 'reset' | 'timeout' };

const GRPC_FAILURES = new Set([2, 4, 7, 13, 14, 15]);
const RESOURCE_EXHAUSTED = 8;

/**
 * Whether an outcome counts as a failure, for `response_total` and the consecutive breaker: 5xx, a
 * failing gRPC status, or no response. 4xx is success, 429 too.
 */
export function isFailure(outcome: Outcome): boolean {
  if (outcome.kind === 'error') return true;
  return outcome.grpcStatus === undefined
    ? outcome.status >= 500
    : GRPC_FAILURES.has(outcome.grpcStatus);
}

/** Whether an outcome says that the endpoint has too much to do. */
export function isThrottled(outcome: Outcome): boolean {
  return (
    outcome.kind === 'response' &&
    (outcome.status === 429 || outcome.grpcStatus === RESOURCE_EXHAUSTED)
  );
}
