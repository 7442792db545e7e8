import type { SpanRecord } from './model.ts';

// What spans say, read in one place: OpenTelemetry's names, and the older ones that other agents use.

export const PROXY_SERVICE = 'linkerd-proxy';

/** The status of an HTTP span; undefined where there was no reply. */
export function statusOf({ attributes }: SpanRecord): number | undefined {
  const status = attributes['http.response.status_code'] ?? attributes['http.status_code'];
  return status === undefined ? undefined : Number(status);
}

/** The store a client span is about, by its own name for its kind. */
export function databaseOf({ attributes }: SpanRecord): string | undefined {
  const system = attributes['db.system.name'] ?? attributes['db.system'];
  return system === undefined ? undefined : String(system);
}

/** Whom an HTTP client span calls. */
export function peerOf({ attributes }: SpanRecord): string | undefined {
  const peer = attributes['server.address'] ?? attributes['net.peer.name'];
  return peer === undefined ? undefined : String(peer);
}

/** The path a span is about, without query. */
export function pathOf({ attributes, kind }: SpanRecord): string | undefined {
  if (kind === 'server') {
    const path = attributes['url.path'] ?? attributes['http.target'];
    return path === undefined ? undefined : String(path).split('?')[0];
  }
  const url = String(attributes['url.full'] ?? attributes['http.url'] ?? '');
  const at = url.indexOf('/', url.indexOf('://') + 3);
  return at < 0 ? undefined : url.slice(at).split('?')[0];
}

/** When the span ended. */
export function endOf({ startMs, durationMs }: SpanRecord): number {
  return startMs + durationMs;
}

/** The reply was lost or never came: nobody knows what became of the call. */
export function isCut(span: SpanRecord): boolean {
  const status = statusOf(span);
  return (status === undefined && databaseOf(span) === undefined) || status === 499;
}

/** Whether what the span stands for failed; a client's own mistake (4xx) is no failure. */
export function isFailed(span: SpanRecord): boolean {
  if (span.kind === 'server') {
    const status = statusOf(span);
    return status === undefined ? span.isError : status >= 500;
  }
  if (span.kind === 'client' && databaseOf(span) === undefined) {
    const status = statusOf(span);
    return status === undefined ? span.isError : status >= 500;
  }
  return span.isError;
}

/** What its latency is compared with: spans of one kind that do the same work. */
export function operationOf(span: SpanRecord): string {
  if (span.kind !== 'client') return `${span.service} ${span.kind} ${span.name}`;
  const database = databaseOf(span);
  if (database !== undefined) return `${span.service} ${database} ${span.name}`;
  return `${span.service} client ${peerOf(span)} ${span.name}`;
}
