import type { SpanRecord } from './model.ts';

// What spans say, read in one place: OpenTelemetry's names, and the older ones that other agents use.

export const PROXY_SERVICE = 'linkerd-proxy';

const NAMES = {
  status: ['http.response.status_code', 'http.status_code'],
  database: ['db.system.name', 'db.system'],
  peer: ['server.address', 'net.peer.name'],
  path: ['url.path', 'http.target'],
  url: ['url.full', 'http.url'],
  /** Only sidecars tell it, under one name. */
  direction: ['direction', 'direction'],
} as const;

/** All that is read here: whoever makes records need keep no other attribute. */
export const ATTRIBUTES_READ: readonly string[] = Object.values(NAMES).flat();

function valueOf({ attributes }: SpanRecord, names: readonly [string, string]) {
  return attributes[names[0]] ?? attributes[names[1]];
}

/** The status of an HTTP span; undefined where there was no reply. */
export function statusOf(span: SpanRecord): number | undefined {
  const status = valueOf(span, NAMES.status);
  return status === undefined ? undefined : Number(status);
}

/** The store a client span is about, by its own name for its kind. */
export function databaseOf(span: SpanRecord): string | undefined {
  const system = valueOf(span, NAMES.database);
  return system === undefined ? undefined : String(system);
}

/** Whom an HTTP client span calls. */
export function peerOf(span: SpanRecord): string | undefined {
  const peer = valueOf(span, NAMES.peer);
  return peer === undefined ? undefined : String(peer);
}

/** Which way a request passed the sidecar that tells of it. */
export function directionOf(span: SpanRecord): 'inbound' | 'outbound' | undefined {
  const direction = valueOf(span, NAMES.direction);
  return direction === 'inbound' || direction === 'outbound' ? direction : undefined;
}

/** The path a span is about, without query. */
export function pathOf(span: SpanRecord): string | undefined {
  if (span.kind === 'server') {
    const path = valueOf(span, NAMES.path);
    return path === undefined ? undefined : String(path).split('?')[0];
  }
  const url = String(valueOf(span, NAMES.url) ?? '');
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
