import type {
  ChangeEvent,
  Incident as Named,
  Step as NamedStep,
  Victim,
} from '@faultline/origin/model';

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

/** What the analysis tells, with its time as the API writes it: RFC 3339. */
type AtTime<T extends { readonly atMs: number }> = Omit<T, 'atMs'> & { readonly at: string };

export type Change = AtTime<ChangeEvent>;
export type Step = AtTime<NamedStep>;

type Told =
  | 'id'
  | 'state'
  | 'origin'
  | 'symptom'
  | 'sentence'
  | 'confidence'
  | 'candidates'
  | 'absorbed'
  | 'journeys'
  | 'amplification'
  | 'traces';

export type Incident = Pick<Named, Told> & {
  readonly onset: string;
  readonly named_at: string;
  readonly updated_at: string;
  readonly resolved_at: string | null;
  readonly merged_into?: string;
  readonly propagation: readonly Step[];
  readonly victims: readonly AtTime<Victim>[];
  readonly share_hit: number;
  readonly suspected_change: (Change & { readonly evidence: string }) | null;
};
