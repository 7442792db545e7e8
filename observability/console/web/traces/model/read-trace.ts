import { listOf, numberOf, objectOf, textOf } from './json.ts';
import type { Attribute, Process, Span, SpanEvent, SpanLink, Trace } from './span.ts';

const nowhere: Process = { service: 'unknown', version: '', instance: '', attributes: [] };
const SERVER_ERROR = 500;

/** The traces of an answer in Jaeger's first model, which Jaeger of any age gives for one by its id. */
export function readTraces(json: unknown): Trace[] {
  return listOf(objectOf(json)['data']).map((data) => {
    const { traceID, spans, processes } = objectOf(data);
    const known = new Map(
      Object.entries(objectOf(processes)).map(([id, value]) => [id, readProcess(value)]),
    );
    return { id: textOf(traceID), spans: listOf(spans).map((span) => readSpan(span, known)) };
  });
}

function readProcess(value: unknown): Process {
  const { serviceName, tags } = objectOf(value);
  const attributes = readAttributes(tags);
  const text = (key: string) => String(attributes.find((one) => one.key === key)?.value ?? '');
  return {
    service: textOf(serviceName),
    version: text('service.version'),
    instance: text('service.instance.id'),
    attributes,
  };
}

function readSpan(value: unknown, processes: ReadonlyMap<string, Process>): Span {
  const span = objectOf(value);
  const id = textOf(span['spanID']);
  const attributes = readAttributes(span['tags']);
  const { parentId, links } = readReferences(span, id);
  const tag = (key: string) => attributes.find((one) => one.key === key)?.value;
  return {
    id,
    parentId,
    operation: textOf(span['operationName']),
    kind: String(tag('span.kind') ?? ''),
    startUs: numberOf(span['startTime']),
    durationUs: Math.max(0, numberOf(span['duration'])),
    isError: hasFailed(attributes),
    process: processes.get(textOf(span['processID'])) ?? nowhere,
    attributes,
    events: listOf(span['logs']).map(readEvent),
    links,
    warnings: listOf(span['warnings']).map(textOf),
  };
}

/** Proxies leave the status unset, so that the HTTP status has to tell. */
function hasFailed(attributes: readonly Attribute[]): boolean {
  return attributes.some(({ key, value }) => {
    if (key === 'error') return value === true || value === 'true';
    if (key === 'otel.status_code') return value === 'ERROR';
    return key === 'http.response.status_code' && Number(value) >= SERVER_ERROR;
  });
}

function readAttributes(value: unknown): Attribute[] {
  return listOf(value).map((tag) => {
    const { key, value: of } = objectOf(tag);
    const isPlain = typeof of === 'number' || typeof of === 'boolean';
    return { key: textOf(key), value: isPlain ? of : textOf(of) };
  });
}

function readEvent(value: unknown): SpanEvent {
  const { timestamp, fields } = objectOf(value);
  const attributes = readAttributes(fields);
  const name = attributes.find(({ key }) => key === 'event') ?? attributes[0];
  return {
    atUs: numberOf(timestamp),
    name: String(name?.value ?? 'event'),
    attributes: attributes.filter((attribute) => attribute !== name),
  };
}

/** The first reference within the trace is the parent, as Jaeger's own pages take it. */
function readReferences(
  span: Readonly<Record<string, unknown>>,
  id: string,
): { parentId: string; links: SpanLink[] } {
  const references = listOf(span['references']).map((reference) => {
    const { traceID, spanID } = objectOf(reference);
    return { traceId: textOf(traceID), spanId: textOf(spanID) };
  });
  const own = textOf(span['traceID']);
  const parent = references.find(({ traceId, spanId }) => traceId === own && spanId !== id);
  const isLink = ({ traceId, spanId }: SpanLink) => traceId !== own || spanId !== parent?.spanId;
  return { parentId: parent?.spanId ?? '', links: references.filter(isLink) };
}
