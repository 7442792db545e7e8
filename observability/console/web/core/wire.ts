// What the store's public API sends, as it is on the wire.

export type NodeState = 'healthy' | 'origin' | 'victim' | 'masked' | 'unknown';

export type VersionShare = {
  readonly version: string;
  /** Of the requests of these seconds, 0 to 1. */
  readonly share: number;
  readonly instances: number;
};

export type MapNode = {
  readonly name: string;
  readonly kind: 'service' | 'store' | 'provider' | 'queue';
  readonly state: NodeState;
  readonly requestsPerSecond: number;
  /** 0 to 1. */
  readonly errorShare: number;
  readonly versions: readonly VersionShare[];
  readonly instances: number;
  readonly ready: number;
  /** Of one processor core, the busiest instance's, 0 to 1; absent where nobody tells. */
  readonly busy?: number;
  /** Of a queue: what waits. */
  readonly waiting?: number;
};

export type MapEdge = {
  readonly from: string;
  readonly to: string;
  readonly kind: 'http' | 'tcp' | 'async';
  readonly requestsPerSecond: number;
  readonly errorShare: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly retriesPerSecond: number;
  readonly openBreakers: number;
  readonly mtls?: boolean;
};

/** The system at one moment. */
export type Frame = {
  readonly atMs: number;
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
};

/** Calls that ended within a moment: what moves on the map. */
export type Pulse = {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly failed: number;
};

export type Origin = {
  readonly kind:
    | 'service'
    | 'instance'
    | 'version'
    | 'edge'
    | 'store'
    | 'provider'
    | 'queue'
    | 'load';
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
  readonly edge?: { readonly from: string; readonly to: string };
};

export type Change = {
  readonly at: string;
  readonly kind:
    | 'deploy'
    | 'weight'
    | 'promote'
    | 'rollback'
    | 'scale'
    | 'config'
    | 'restart'
    | 'instance';
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
  readonly state?: 'started' | 'ready' | 'unready' | 'stopping' | 'stopped' | 'crashed';
  readonly detail: string;
};

export type Step = {
  readonly service: string;
  readonly at: string;
  readonly effect: 'broke' | 'failed' | 'slow' | 'absorbed' | 'backlog';
};

export type Incident = {
  readonly id: string;
  readonly state: 'open' | 'resolved';
  readonly origin: Origin;
  readonly symptom: 'errors' | 'latency' | 'unreachable' | 'silence' | 'backlog' | 'overload';
  readonly sentence: string;
  readonly onset: string;
  readonly named_at: string;
  readonly updated_at: string;
  readonly resolved_at: string | null;
  readonly merged_into?: string;
  readonly confidence: number;
  readonly candidates: readonly { readonly origin: Origin; readonly score: number }[];
  readonly propagation: readonly Step[];
  readonly victims: readonly {
    readonly service: string;
    readonly at: string;
    readonly requests: number;
    readonly failed: number;
    readonly slow: number;
  }[];
  readonly absorbed: readonly {
    readonly by: 'retry' | 'fallback' | 'breaker' | 'queue';
    readonly service: string;
    readonly count: number;
  }[];
  readonly journeys: readonly {
    readonly name: string;
    readonly requests: number;
    readonly hit: number;
  }[];
  readonly share_hit: number;
  readonly amplification: readonly {
    readonly from: string;
    readonly to: string;
    readonly requests: number;
    readonly attempts: number;
    readonly factor: number;
  }[];
  readonly suspected_change: (Change & { readonly evidence: string }) | null;
  readonly traces: readonly string[];
};
