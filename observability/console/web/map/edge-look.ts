import { formatMs, formatRate, formatShare } from '../core/format.ts';
import type { MapEdge } from '../core/wire.ts';

export type EdgeLook = {
  readonly state: 'broken' | 'failing' | 'carrying' | 'idle';
  /** In pixels. */
  readonly width: number;
  /** Attempts for each request, where there are more than one. */
  readonly amplification: number | undefined;
  /** What is written on it: nothing as long as all is as it should be. */
  readonly label: readonly string[];
};

/** A connection that is closed is no failed request. */
const failing = { http: 0.01, tcp: 0.05, async: 0.01 } as const;
const AMPLIFIED = 1.15;

/** How an edge is drawn: exceptions show, what is usual stays quiet. */
export function lookOf(edge: MapEdge, { isBroken }: { isBroken: boolean }): EdgeLook {
  const { requestsPerSecond: rate, errorShare, retriesPerSecond, openBreakers } = edge;
  const factor = rate > 0 ? (rate + retriesPerSecond) / rate : 1;
  const amplification = factor >= AMPLIFIED ? factor : undefined;
  const fails = rate > 0 && errorShare >= failing[edge.kind];
  const label = [
    ...(fails ? [`${formatShare(errorShare)} failed`] : []),
    ...(isBroken && edge.p95Ms !== undefined && !fails ? [`p95 ${formatMs(edge.p95Ms)}`] : []),
    ...(amplification === undefined ? [] : [`×${amplification.toFixed(1)} by retries`]),
    ...(openBreakers > 0 ? ['breaker open'] : []),
  ];
  return {
    state: isBroken ? 'broken' : fails ? 'failing' : rate > 0 ? 'carrying' : 'idle',
    width: 1.2 + Math.min(3, Math.log2(1 + rate) * 0.45),
    amplification,
    label,
  };
}

/** All that is known of an edge, as a sentence for those who do not see the map. */
export function describeEdge(edge: MapEdge): string {
  const { from, to, requestsPerSecond, errorShare, p95Ms, retriesPerSecond, openBreakers } = edge;
  const { mtls } = edge;
  return [
    `${from} to ${to}`,
    formatRate(requestsPerSecond),
    `${formatShare(errorShare)} failed`,
    ...(p95Ms === undefined ? [] : [`p95 ${formatMs(p95Ms)}`]),
    ...(retriesPerSecond > 0 ? [`${formatRate(retriesPerSecond)} retries`] : []),
    ...(openBreakers > 0 ? ['breaker open'] : []),
    ...(mtls === undefined ? [] : [mtls ? 'mutual TLS' : 'no mutual TLS']),
  ].join(', ');
}
