// What the analysis is told and what it says. Times are wall-clock milliseconds since the epoch,
// with fractions where the source has them; durations are milliseconds. Nothing in here comes from
// whoever injects faults.

export type AttributeValue = string | number | boolean;

/** A finished span. Spans may arrive late, out of order, twice, or never. */
export type SpanRecord = {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent, not '', on a root. */
  readonly parentSpanId?: string;
  /** `service.name`; sidecars call themselves `linkerd-proxy`. */
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly isError: boolean;
  readonly statusMessage?: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
};

/** An instance of a service; the instance is absent where a series does not tell. */
export type Place = {
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
};

/**
 * What a call is to. A `provider` is reached by HTTP and has no sidecar; a `store` is reached by
 * plain TCP.
 */
export type Target = {
  readonly kind: 'service' | 'store' | 'provider';
  readonly name: string;
  readonly version?: string;
  readonly instance?: string;
};

/**
 * Why a call failed. `status` stands for any reply of 500 or more that the callee itself made.
 * `failfast`: nobody was there to be asked. `shed`: 503 made by a sidecar, or 429.
 */
export type Cause =
  | 'status'
  | 'timeout'
  | 'connect'
  | 'reset'
  | 'failfast'
  | 'shed'
  /** The caller went away first: nobody's failure by itself. */
  | 'cancelled';

export type FailureCounts = { readonly [C in Cause]?: number };

/** Counts of durations; `counts[i]` are those up to `boundsMs[i]`, the last one those above all. */
export type LatencyHistogram = {
  readonly boundsMs: readonly number[];
  /** Not cumulated; one longer than `boundsMs`. */
  readonly counts: readonly number[];
  readonly sumMs: number;
  readonly count: number;
};

/**
 * What one sidecar counted about one peer between two scrapes. Four views of the same traffic, as
 * a request passes them:
 *
 * - `route`: what the caller's app saw of a Service, once for each request whatever lay behind it;
 * - `endpoint`: each attempt at one instance of it, as the caller's sidecar saw it;
 * - `inbound`: what the callee's sidecar answered, by caller; `source` is the caller, `target` the
 *   callee's own instance;
 * - `tcp`: connections to a store.
 *
 * Where two neighbouring views disagree is where it broke. Samples of an instance that died stop.
 */
export type EdgeSample = {
  readonly atMs: number;
  readonly periodMs: number;
  readonly view: 'route' | 'endpoint' | 'inbound' | 'tcp';
  readonly source: Place;
  readonly target: Target;
  /** Begun in the period; for `route` when they were sent to a backend; 0 for `tcp`. */
  readonly requests: number;
  /** Ended in the period, well or not. */
  readonly responses: number;
  readonly failures: FailureCounts;
  /** Attempts after the first, and those that ended well; `route` only. */
  readonly retries: number;
  readonly retrySuccesses: number;
  readonly latency?: LatencyHistogram;
  /** Endpoints at the end of the period; a breaker that is open makes one pending. `route` only. */
  readonly endpointsReady?: number;
  readonly endpointsPending?: number;
  readonly connectionsOpened: number;
  readonly connectionsClosed: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
};

/** How a stream or job queue and one of its groups stand, as its consumer or publisher tells. */
export type QueueSample = {
  readonly atMs: number;
  /** Who works on it (or, for an outbox, who publishes). */
  readonly service: string;
  readonly instance?: string;
  readonly queue: string;
  readonly group?: string;
  /** Entries waiting: not yet given to the group, or not yet published. */
  readonly lag: number;
  /** Given and not yet acknowledged. */
  readonly pending: number;
  /** Handled since the sample before. */
  readonly handled: number;
};

/**
 * Something that was done to the system, or a fact the engine publishes about an instance. Faults
 * that are rehearsed are never among them.
 */
export type ChangeEvent = {
  readonly atMs: number;
  readonly kind:
    | 'deploy'
    | 'weight'
    | 'promote'
    | 'rollback'
    | 'scale'
    | 'config'
    | 'restart'
    /** `state` says what became of it. */
    | 'instance';
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
  /** Of kind `instance`: `stopping` is asked for, `crashed` is not. */
  readonly state?: 'started' | 'ready' | 'unready' | 'stopping' | 'stopped' | 'crashed';
  /** For people, such as `10 % to 1.2.0`. */
  readonly detail: string;
};

export type OriginKind =
  | 'service'
  | 'instance'
  | 'version'
  | 'edge'
  | 'store'
  | 'provider'
  | 'queue'
  | 'load';

/** What broke. `service` is the store's, provider's or queue's name where the origin is one. */
export type Origin = {
  readonly kind: OriginKind;
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
  /** Calls from one to the other; `to` may be a store or provider. */
  readonly edge?: { readonly from: string; readonly to: string };
};

export type Step = {
  readonly service: string;
  readonly atMs: number;
  readonly effect: 'broke' | 'failed' | 'slow' | 'absorbed' | 'backlog';
};

export type Victim = {
  readonly service: string;
  readonly atMs: number;
  readonly requests: number;
  readonly failed: number;
  readonly slow: number;
};

export type Absorption = {
  readonly by: 'retry' | 'fallback' | 'breaker' | 'queue';
  /** Who absorbed it. */
  readonly service: string;
  /** What it kept from failing. */
  readonly count: number;
};

export type Journey = {
  /** The operation at the edge, such as `POST /api/v1/orders`. */
  readonly name: string;
  readonly requests: number;
  /** Failed or slow beyond what is usual. */
  readonly hit: number;
};

export type Amplification = {
  readonly from: string;
  readonly to: string;
  readonly requests: number;
  readonly attempts: number;
  /** Attempts for each request. */
  readonly factor: number;
};

export type SuspectedChange = {
  readonly change: ChangeEvent;
  /** Why it is suspected, in words with numbers. */
  readonly evidence: string;
};

export type Candidate = {
  readonly origin: Origin;
  /** Comparable within one incident only. */
  readonly score: number;
};

export type Symptom = 'errors' | 'latency' | 'unreachable' | 'silence' | 'backlog' | 'overload';

/** One failure with all that followed from it. */
export type Incident = {
  readonly id: string;
  readonly state: 'open' | 'resolved';
  readonly origin: Origin;
  readonly symptom: Symptom;
  /** First sign of it. */
  readonly onsetMs: number;
  /** When the analysis first named this origin. */
  readonly namedMs: number;
  readonly updatedMs: number;
  readonly resolvedMs?: number;
  /** The incident it turned out to follow from; then it is resolved. */
  readonly mergedInto?: string;
  /** Ranked; the first is `origin`. */
  readonly candidates: readonly Candidate[];
  readonly propagation: readonly Step[];
  readonly victims: readonly Victim[];
  readonly absorbed: readonly Absorption[];
  readonly journeys: readonly Journey[];
  /** Share of all requests at the edge that were hit, 0 to 1. */
  readonly shareHit: number;
  readonly amplification: readonly Amplification[];
  readonly suspectedChange?: SuspectedChange;
  /** Ids of traces that show it, the clearest first. */
  readonly traces: readonly string[];
  /** 0 to 1. */
  readonly confidence: number;
  readonly sentence: string;
};

export type IncidentUpdate = {
  readonly kind: 'opened' | 'updated' | 'resolved';
  readonly incident: Incident;
};

export type TopologyNode = {
  readonly name: string;
  readonly kind: 'service' | 'store' | 'provider' | 'queue';
  readonly versions: readonly string[];
  readonly instances: readonly string[];
  readonly state: 'healthy' | 'origin' | 'victim' | 'masked' | 'unknown';
  readonly requestsPerSecond: number;
  /** 0 to 1. */
  readonly errorShare: number;
};

export type TopologyEdge = {
  readonly from: string;
  readonly to: string;
  readonly requestsPerSecond: number;
  /** 0 to 1, as the caller saw it. */
  readonly errorShare: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly retriesPerSecond: number;
  readonly openBreakers: number;
};

export type Topology = {
  readonly atMs: number;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
};
