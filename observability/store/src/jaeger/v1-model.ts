import type { SpanEvent, SpanLink } from '../wire/span.ts';
import { type Attribute, valueText } from '../wire/values.ts';
import type { ShownSpan } from './stored-trace.ts';
import { type KeyValue, keyValue, TagTexts, textTag } from './v1-tags.ts';

type Process = { readonly serviceName: string; readonly tags: readonly KeyValue[] };

const NO_SERVICE = 'OTLPResourceNoServiceName';

/** The pieces of the JSON of Jaeger's first trace model, span by span. */
export function* v1Trace(
  traceId: string,
  spans: readonly ShownSpan[],
  indent?: number,
): Generator<string> {
  const processes = new Processes();
  const tags = new TagTexts();
  yield `{"traceID":"${traceId}","spans":[`;
  for (const [index, span] of spans.entries()) {
    if (index > 0) yield ',';
    const rest = JSON.stringify(v1Span(span, processes.idOf(span)));
    const text = `${rest.slice(0, -1)},"tags":[${tags.of(span)}]}`;
    yield indent === undefined ? text : JSON.stringify(JSON.parse(text), undefined, indent);
  }
  yield `],"processes":${JSON.stringify(processes.all, undefined, indent)},"warnings":null}`;
}

/** All of a span but its tags. */
function v1Span(span: ShownSpan, processID: string) {
  const { traceId, spanId, flags } = span;
  const startUs = span.startNs / 1_000n;
  const duration = span.endNs > span.startNs ? span.endNs - span.startNs : 0n;
  return {
    traceID: traceId,
    spanID: spanId,
    ...((flags & 0xff) === 0 ? {} : { flags: flags & 0xff }),
    operationName: span.name,
    references: [...parentOf(span), ...span.links.map(referenceOf)],
    startTime: Number(startUs),
    duration: Number(duration / 1_000n),
    logs: span.events.map(logOf),
    processID,
    warnings: span.warnings.length === 0 ? null : span.warnings,
  };
}

/** The parent comes first: clients take the first reference that is in the trace for it. */
function parentOf({ traceId, parentSpanId }: ShownSpan) {
  return parentSpanId === ''
    ? []
    : [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentSpanId }];
}

function referenceOf({ traceId, spanId, attributes }: SpanLink) {
  const refType = attributes.find(({ key }) => key === 'opentracing.ref_type');
  const isChild = refType && valueText(refType.value) === 'child_of';
  return { refType: isChild ? 'CHILD_OF' : 'FOLLOWS_FROM', traceID: traceId, spanID: spanId };
}

function logOf({ timeNs, name, attributes }: SpanEvent) {
  const hasName = attributes.some(({ key }) => key === 'event');
  return {
    timestamp: Number(timeNs / 1_000n),
    fields: [...(hasName ? [] : textTag('event', name)), ...attributes.map(keyValue)],
  };
}

/** Processes by what they are, named p1, p2, … as they come. */
class Processes {
  readonly all: Record<string, Process> = {};
  readonly #ids = new Map<readonly Attribute[], string>();
  readonly #texts = new Map<string, string>();

  idOf({ resourceAttributes: attributes, resource }: ShownSpan): string {
    const known = this.#ids.get(attributes);
    if (known !== undefined) return known;
    const process = {
      serviceName: resource.service === '' ? NO_SERVICE : resource.service,
      tags: attributes.filter(({ key }) => key !== 'service.name').map(keyValue),
    };
    const text = JSON.stringify(process);
    const id = this.#texts.get(text) ?? `p${this.#texts.size + 1}`;
    this.#ids.set(attributes, id);
    this.#texts.set(text, id);
    this.all[id] = process;
    return id;
  }
}
