import type { AttributeValue, SpanRecord } from '@faultline/origin/model';

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** Spans as the body of an OTLP request, in JSON. */
export function toOtlp(spans: readonly SpanRecord[]): object {
  return {
    resourceSpans: spans.map((span) => ({
      resource: {
        attributes: attributes({
          'service.name': span.service,
          ...(span.version !== undefined && { 'service.version': span.version }),
          ...(span.instance !== undefined && { 'service.instance.id': span.instance }),
        }),
      },
      scopeSpans: [{ scope: { name: 'simulated' }, spans: [toSpan(span)] }],
    })),
  };
}

function toSpan(span: SpanRecord): object {
  const { traceId, spanId, parentSpanId, name, startMs, durationMs, links } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: kinds[span.kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(startMs + durationMs),
    attributes: attributes(span.attributes),
    links,
    status: span.isError ? { code: 2, message: span.statusMessage ?? '' } : {},
  };
}

function attributes(values: Readonly<Record<string, AttributeValue>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: toValue(value) }));
}

function toValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function nanos(ms: number): string {
  return `${Math.round(ms * 1_000)}000`;
}
