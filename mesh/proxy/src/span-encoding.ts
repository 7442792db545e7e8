import type { ProxySpan } from './tracing.ts';

const KINDS = { server: 2, client: 3 } as const;

/** Spans as an OTLP/JSON ExportTraceServiceRequest. */
export function encodeSpans(spans: readonly ProxySpan[], instance: string): Buffer {
  const resource = {
    attributes: attributes({
      'service.name': 'linkerd-proxy',
      'service.instance.id': instance,
      'process.pid': process.pid,
    }),
  };
  const scope = { name: 'faultline.mesh.proxy' };
  return Buffer.from(
    JSON.stringify({
      resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(encodeSpan) }] }],
    }),
  );
}

function encodeSpan({ kind, startMs, endMs, attributes: values, ...ids }: ProxySpan) {
  return {
    ...ids,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributes(values),
  };
}

/** Whole milliseconds keep their nanoseconds exact, which a double of nanoseconds would not. */
function nanoseconds(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`;
}

function attributes(values: Readonly<Record<string, string | number>>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}
