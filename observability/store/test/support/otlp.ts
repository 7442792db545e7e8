/** A span as OTLP/JSON has it; what a test does not say is filled in. */
export type OtlpSpan = {
  traceId?: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name?: string;
  kind?: number;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  attributes?: readonly object[];
  events?: readonly object[];
  links?: readonly object[];
  status?: { code?: number; message?: string };
  flags?: number;
};

/** Whose spans they are. */
export type Whose = {
  service?: string;
  version?: string;
  attributes?: Record<string, string>;
  scope?: { name?: string; version?: string; attributes?: readonly object[] };
};

export const TRACE = '0af7651916cd43dd8448eb211c80319c';
/** An hour ago, on a whole second, so that tests can say times. */
export const START_MS = Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000;

/** Nanoseconds, as OTLP/JSON writes them, so many milliseconds after {@link START_MS}. */
export function at(ms: number): string {
  return `${START_MS * 1_000 + Math.round(ms * 1_000)}000`;
}

/** RFC 3339, so many milliseconds after {@link START_MS}. */
export function time(ms: number): string {
  return new Date(START_MS + ms).toISOString();
}

/** An id of so many hex digits. */
export function id(value: number, digits = 16): string {
  return value.toString(16).padStart(digits, '0');
}

export function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}

/** A server span that began `startMs` after {@link START_MS} and took `durationMs`. */
export function span(
  fields: OtlpSpan & { startMs?: number; durationMs?: number },
): Required<Pick<OtlpSpan, 'traceId' | 'name'>> & OtlpSpan {
  const { startMs = 0, durationMs = 100, ...rest } = fields;
  return {
    traceId: TRACE,
    name: 'GET /',
    kind: 2,
    startTimeUnixNano: at(startMs),
    endTimeUnixNano: at(startMs + durationMs),
    ...rest,
  };
}

/** An `ExportTraceServiceRequest` with these spans. */
export function request(spans: readonly OtlpSpan[], whose: Whose = {}): object {
  const { service = 'gateway', version, attributes = {}, scope = {} } = whose;
  const all = {
    'service.name': service,
    ...(version === undefined ? {} : { 'service.version': version }),
    ...attributes,
  };
  const resource = { attributes: Object.entries(all).map(([key, value]) => text(key, value)) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
}
