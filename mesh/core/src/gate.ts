/** How long requests wait for an endpoint before all of them, and those after, fail at once. */
export const FAIL_FAST_MS = 3_000;
export const QUEUE_MAX = 10_000;

/**
 * A backend's queue as linkerd's balancer keeps it: `ready` while an endpoint is; otherwise requests
 * wait; after `failFastMs` without one those that wait get 504 and later ones 503 at once, until an
 * endpoint is ready again.
 */
export type GateState =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly sinceMs: number }
  | { readonly kind: 'fail-fast' };

/** The state after looking at the endpoints at `nowMs`; waiting begins with the first request that waits. */
export function nextGate(
  state: GateState,
  seen: { endpointReady: boolean; requestWaiting: boolean; nowMs: number; failFastMs: number },
): GateState {
  if (seen.endpointReady) return { kind: 'ready' };
  switch (state.kind) {
    case 'fail-fast':
      return state;
    case 'waiting':
      return seen.nowMs - state.sinceMs >= seen.failFastMs ? { kind: 'fail-fast' } : state;
    case 'ready':
      return seen.requestWaiting ? { kind: 'waiting', sinceMs: seen.nowMs } : state;
  }
}
