export type Attribute = { readonly key: string; readonly value: string | number | boolean };

/** Something that happened while a span ran: a log line, an exception. */
export type SpanEvent = {
  readonly atUs: number;
  readonly name: string;
  readonly attributes: readonly Attribute[];
};

export type SpanLink = { readonly traceId: string; readonly spanId: string };

/** Where a span ran. */
export type Process = {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  readonly attributes: readonly Attribute[];
};

/** One span, whatever sent it. Times are microseconds since the epoch. */
export type Span = {
  readonly id: string;
  /** '' when it began the trace. */
  readonly parentId: string;
  readonly operation: string;
  /** `server`, `client`, `internal`, `producer`, `consumer`, or ''. */
  readonly kind: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly isError: boolean;
  readonly process: Process;
  readonly attributes: readonly Attribute[];
  readonly events: readonly SpanEvent[];
  /** Other spans that led to this one; its parent is not among them. */
  readonly links: readonly SpanLink[];
  readonly warnings: readonly string[];
};

export type Trace = { readonly id: string; readonly spans: readonly Span[] };

/** How sidecars call themselves. */
export const SIDECAR = 'linkerd-proxy';

export function isSidecar({ process }: Span): boolean {
  return process.service === SIDECAR;
}

export function endUs({ startUs, durationUs }: Span): number {
  return startUs + durationUs;
}

/** The value of an attribute as text; '' when the span has none of that name. */
function attributeOf({ attributes }: Span, key: string): string {
  const found = attributes.find((attribute) => attribute.key === key);
  return found === undefined ? '' : String(found.value);
}

/** Something taken from a queue: it goes on after the one who put it there has long been answered. */
export function isFromQueue({ kind }: Span): boolean {
  return kind === 'consumer';
}

/**
 * What a span did, in a few words. Clients name only the method: the peer and the path that they
 * asked for are added.
 */
export function titleOf(span: Span): string {
  const method = attributeOf(span, 'http.request.method');
  if (span.kind !== 'client' || method === '' || span.operation !== method) return span.operation;
  const peer = attributeOf(span, 'server.address');
  return [method, ' → ', peer, pathOf(span)].join('');
}

/** The same without what is different in each call: for spans that are counted together. */
export function kindTitleOf(span: Span): string {
  const peer = attributeOf(span, 'server.address');
  const isCall =
    span.kind === 'client' && span.operation === attributeOf(span, 'http.request.method');
  return isCall && peer !== '' ? `${span.operation} → ${peer}` : span.operation;
}

function pathOf(span: Span): string {
  const url = attributeOf(span, 'url.full');
  return URL.canParse(url) ? new URL(url).pathname : attributeOf(span, 'url.path');
}
