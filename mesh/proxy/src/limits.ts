import { FAIL_FAST_MS, QUEUE_MAX } from '@faultline/mesh-core/gate';
import type { ServerLimits } from './net/server-connection.ts';

/** Every bound of the proxy, with linkerd's values where it has one. Tests scale them. */
export type Limits = {
  readonly inFlightMax: number;
  readonly failFastMs: number;
  readonly queueMax: number;
  readonly outboundConnectMs: number;
  readonly inboundConnectMs: number;
  /** Unused connections to peer proxies; long, as a TLS handshake costs more than a request. */
  readonly meshIdleMs: number;
  /** Unused connections to apps and unmeshed endpoints: shorter than any server keeps them. */
  readonly plainIdleMs: number;
  readonly connectionsMax: number;
  readonly server: ServerLimits;
  /** While draining: how long clients have to hear of it before unused connections are closed. */
  readonly drainIdleMs: number;
};

export const LIMITS: Limits = {
  inFlightMax: 100_000,
  failFastMs: FAIL_FAST_MS,
  queueMax: QUEUE_MAX,
  outboundConnectMs: 1_000,
  inboundConnectMs: 100,
  meshIdleMs: 60_000,
  plainIdleMs: 3_000,
  connectionsMax: 4_096,
  server: { headMs: 10_000, idleMs: 120_000, bodyMs: 60_000 },
  drainIdleMs: 1_000,
};
