const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/** A number of `Span.SpanKind` as Jaeger writes it; '' for none. */
export function kindText(kind: number): string {
  return KINDS[kind] ?? '';
}
