/** What a search asks for. All conditions on a span must hold on one and the same span. */
export type TraceQuery = {
  /** Any of these; any at all when empty. */
  readonly services: readonly string[];
  /** '' is any; so are the others. */
  readonly operation: string;
  /** `service.version` of the span's resource. */
  readonly version: string;
  /** Where a failure in the trace began: a service, store or provider, or an incident's id. */
  readonly origin: string;
  /** When a span starts, microseconds since the epoch. */
  readonly startMinUs: number;
  readonly startMaxUs: number;
  /** How long a span takes. */
  readonly durationMinUs: number;
  readonly durationMaxUs: number;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** How many spans the trace has. */
  readonly spansMin: number;
  readonly spansMax: number;
  /** Traces in the answer, the latest ones. */
  readonly limit: number;
};

/** The most traces that one search answers with. */
export const LIMIT_MAX = 10_000;
