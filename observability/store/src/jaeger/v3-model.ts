import type { SpanEvent, SpanLink } from '../wire/span.ts';
import type { AnyValue, Attribute } from '../wire/values.ts';
import type { ShownSpan } from './stored-trace.ts';

/** Where Jaeger's OTLP answers carry what the first model calls warnings. */
const WARNINGS = '@jaeger@warnings';

/** The pieces of the JSON of OTLP's `resourceSpans`, one by one, for the spans of a trace. */
export function* v3ResourceSpans(spans: readonly ShownSpan[]): Generator<string> {
  let isFirst = true;
  for (const group of groups(spans)) {
    const { resource, resourceAttributes, scope } = group[0];
    yield isFirst ? '' : ',';
    isFirst = false;
    const whose = JSON.stringify(attributesField(resourceAttributes));
    const by = {
      ...(scope.name === '' ? {} : { name: scope.name }),
      ...(scope.version === '' ? {} : { version: scope.version }),
      ...attributesField(scope.attributes),
    };
    yield `{"resource":${whose},"scopeSpans":[{"scope":${JSON.stringify(by)},"spans":[`;
    for (const [index, span] of group.entries()) {
      yield (index > 0 ? ',' : '') + JSON.stringify(v3Span(span));
    }
    yield `]${schemaField(scope.schemaUrl)}}]${schemaField(resource.schemaUrl)}}`;
  }
}

type Group = [ShownSpan, ...ShownSpan[]];

/** Spans of one resource and scope, in the order in which these first appear. */
function groups(spans: readonly ShownSpan[]): Iterable<Group> {
  const byResource = new Map<readonly Attribute[], Map<unknown, Group>>();
  const all: Group[] = [];
  for (const span of spans) {
    const scopes = byResource.get(span.resourceAttributes) ?? new Map<unknown, Group>();
    byResource.set(span.resourceAttributes, scopes);
    const group = scopes.get(span.scope);
    if (group) group.push(span);
    else {
      const begun: Group = [span];
      scopes.set(span.scope, begun);
      all.push(begun);
    }
  }
  return all;
}

function schemaField(url: string): string {
  return url === '' ? '' : `,"schemaUrl":${JSON.stringify(url)}`;
}

function v3Span(span: ShownSpan) {
  const { statusCode, statusMessage } = span;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.traceState === '' ? {} : { traceState: span.traceState }),
    ...(span.parentSpanId === '' ? {} : { parentSpanId: span.parentSpanId }),
    ...(span.flags === 0 ? {} : { flags: span.flags }),
    name: span.name,
    ...(span.kind === 0 ? {} : { kind: span.kind }),
    startTimeUnixNano: span.startNs.toString(),
    endTimeUnixNano: span.endNs.toString(),
    ...attributesField([...span.attributes, ...warningsOf(span)]),
    ...countField('droppedAttributesCount', span.droppedAttributes),
    ...(span.events.length === 0 ? {} : { events: span.events.map(v3Event) }),
    ...countField('droppedEventsCount', span.droppedEvents),
    ...(span.links.length === 0 ? {} : { links: span.links.map(v3Link) }),
    ...countField('droppedLinksCount', span.droppedLinks),
    status: {
      ...(statusMessage === '' ? {} : { message: statusMessage }),
      ...(statusCode === 0 ? {} : { code: statusCode }),
    },
  };
}

function warningsOf({ warnings }: ShownSpan): Attribute[] {
  if (warnings.length === 0) return [];
  const value = warnings.map((text) => ({ type: 'string', value: text }) as const);
  return [{ key: WARNINGS, value: { type: 'array', value } }];
}

function v3Event({ timeNs, name, attributes, droppedAttributes }: SpanEvent) {
  return {
    timeUnixNano: timeNs.toString(),
    ...(name === '' ? {} : { name }),
    ...attributesField(attributes),
    ...countField('droppedAttributesCount', droppedAttributes),
  };
}

function v3Link({ traceId, spanId, traceState, attributes, droppedAttributes, flags }: SpanLink) {
  return {
    traceId,
    spanId,
    ...(traceState === '' ? {} : { traceState }),
    ...attributesField(attributes),
    ...countField('droppedAttributesCount', droppedAttributes),
    ...countField('flags', flags),
  };
}

function countField(name: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [name]: count };
}

function attributesField(attributes: readonly Attribute[]) {
  return attributes.length === 0 ? {} : { attributes: attributes.map(v3Attribute) };
}

function v3Attribute({ key, value }: Attribute): { key: string; value: object } {
  return { key, value: v3Value(value) };
}

function v3Value(value: AnyValue): object {
  switch (value.type) {
    case 'string':
      return { stringValue: value.value };
    case 'bool':
      return { boolValue: value.value };
    case 'int':
      return { intValue: String(value.value) };
    case 'double':
      return { doubleValue: Number.isFinite(value.value) ? value.value : String(value.value) };
    case 'bytes':
      return { bytesValue: value.value.toString('base64') };
    case 'array':
      return { arrayValue: { values: value.value.map(v3Value) } };
    case 'map':
      return { kvlistValue: { values: value.value.map(v3Attribute) } };
    default:
      return {};
  }
}
