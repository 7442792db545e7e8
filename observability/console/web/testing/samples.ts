import type { Frame, Incident, MapEdge, MapNode } from '../core/wire.ts';

/** A node for tests; what is not said is unremarkable. */
export function aNode(name: string, more: Partial<MapNode> = {}): MapNode {
  return {
    name,
    kind: 'service',
    state: 'healthy',
    requestsPerSecond: 1,
    errorShare: 0,
    versions: [],
    instances: 1,
    ready: 1,
    ...more,
  };
}

/** An edge for tests. */
export function anEdge(from: string, to: string, more: Partial<MapEdge> = {}): MapEdge {
  return {
    from,
    to,
    kind: 'http',
    requestsPerSecond: 1,
    errorShare: 0,
    retriesPerSecond: 0,
    openBreakers: 0,
    ...more,
  };
}

/** A small shop. */
export function aFrame(atMs: number, more: Partial<Frame> = {}): Frame {
  return {
    atMs,
    nodes: [
      aNode('gateway'),
      aNode('storefront'),
      aNode('orders'),
      aNode('payments'),
      aNode('notifications', { requestsPerSecond: 0 }),
      aNode('orders.events', { kind: 'queue' }),
      aNode('postgres', { kind: 'store' }),
    ],
    edges: [
      anEdge('gateway', 'storefront'),
      anEdge('gateway', 'orders'),
      anEdge('storefront', 'orders'),
      anEdge('orders', 'payments'),
      anEdge('orders', 'postgres', { kind: 'tcp' }),
      anEdge('orders', 'orders.events', { kind: 'async' }),
      anEdge('orders.events', 'notifications', { kind: 'async' }),
    ],
    ...more,
  };
}

/** When the incident of {@link anIncident} began. */
export const ONSET_MS = Date.UTC(2026, 0, 5, 9);

/** Payments broke, orders followed a second later; it was over after half a minute. */
export function anIncident(more: Partial<Incident> = {}): Incident {
  const at = (ms: number) => new Date(ONSET_MS + ms).toISOString();
  return {
    id: 'i1',
    state: 'resolved',
    origin: { kind: 'edge', service: 'payments', edge: { from: 'orders', to: 'payments' } },
    symptom: 'errors',
    sentence: 'Payments broke.',
    onset: at(0),
    named_at: at(500),
    updated_at: at(20_000),
    resolved_at: at(30_000),
    confidence: 1,
    candidates: [],
    propagation: [
      { service: 'payments', at: at(0), effect: 'broke' },
      { service: 'orders', at: at(1_000), effect: 'failed' },
    ],
    victims: [{ service: 'orders', at: at(1_000), requests: 3, failed: 3, slow: 0 }],
    absorbed: [],
    journeys: [],
    share_hit: 0.1,
    amplification: [],
    suspected_change: null,
    traces: ['a'.repeat(32)],
    ...more,
  };
}
