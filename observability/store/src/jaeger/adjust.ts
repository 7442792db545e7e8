import { type AnyValue, type Attribute, valueText } from '../wire/values.ts';
import type { ShownSpan } from './stored-trace.ts';

const [SERVER, CLIENT] = [2, 3];

/** Attributes that SDKs put on spans and that belong to the process. */
const LIBRARY_KEYS = new Set([
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'telemetry.distro.name',
  'telemetry.distro.version',
]);
const IP_KEYS = new Set(['ip', 'peer.ipv4']);

/**
 * What Jaeger mends when a trace is read, in its order: shared span ids, exact duplicates, IP
 * numbers, SDK attributes, links to nowhere. What cannot be mended becomes a warning on the span.
 */
export function adjust(spans: ShownSpan[]): ShownSpan[] {
  separateServerIds(spans);
  const unique = withoutDuplicates(spans);
  warnOfOddities(unique);
  for (const span of unique) {
    spellIps(span);
    moveLibraryAttributes(span);
    dropEmptyLinks(span);
  }
  return unique;
}

/** A server that took over its client's span id (as Zipkin's do) gets one of its own, below it. */
function separateServerIds(spans: readonly ShownSpan[]): void {
  const clients = new Set(spans.filter(({ kind }) => kind === CLIENT).map(({ spanId }) => spanId));
  const used = new Set(spans.map(({ spanId }) => spanId));
  const renamed = new Map<string, string>();
  let last = 0n;
  for (const span of spans) {
    if (span.kind !== SERVER || !clients.has(span.spanId)) continue;
    do last += 1n;
    while (used.has(idText(last)));
    renamed.set(span.spanId, idText(last));
    span.parentSpanId = span.spanId;
    span.spanId = idText(last);
  }
  for (const span of spans) {
    const parent = renamed.get(span.parentSpanId);
    if (parent !== undefined && parent !== span.spanId) span.parentSpanId = parent;
  }
}

function idText(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}

/** Only spans that share an id are looked at closely. */
function withoutDuplicates(spans: readonly ShownSpan[]): ShownSpan[] {
  const counts = countIds(spans);
  const seen = new Set<string>();
  return spans.filter((span) => {
    if ((counts.get(span.spanId) ?? 0) < 2) return true;
    const text = `${span.resource.message}\n${textOf(span)}`;
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

function countIds(spans: readonly ShownSpan[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { spanId } of spans) counts.set(spanId, (counts.get(spanId) ?? 0) + 1);
  return counts;
}

function textOf({ resource: _, scope: __, ...span }: ShownSpan): string {
  return JSON.stringify(span, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Nothing is moved for a skewed clock: warnings say what a reader should know. */
function warnOfOddities(spans: readonly ShownSpan[]): void {
  const counts = countIds(spans);
  for (const span of spans) {
    const { spanId, parentSpanId, startNs, endNs } = span;
    if ((counts.get(spanId) ?? 0) > 1) {
      span.warnings.push('duplicate span IDs; skipping clock skew adjustment');
    }
    if (parentSpanId !== '' && !counts.has(parentSpanId)) {
      const id = `parent span ID=${parentSpanId}`;
      span.warnings.push(`${id} is not in the trace; skipping clock skew adjustment`);
    }
    if (endNs < startNs) span.warnings.push('the span ends before it starts');
  }
}

function spellIps(span: ShownSpan): void {
  const isIp = ({ key, value }: Attribute) =>
    IP_KEYS.has(key) && (value.type === 'int' || value.type === 'double');
  if (!span.attributes.some(isIp)) return;
  span.attributes = span.attributes.map((attribute) =>
    isIp(attribute) ? { ...attribute, value: dotted(attribute.value) } : attribute,
  );
}

function dotted(value: AnyValue): AnyValue {
  const number = Number(valueText(value)) >>> 0;
  const parts = [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff);
  return { type: 'string', value: parts.join('.') };
}

function moveLibraryAttributes(span: ShownSpan): void {
  if (!span.attributes.some(({ key }) => LIBRARY_KEYS.has(key))) return;
  const kept: Attribute[] = [];
  for (const attribute of span.attributes) {
    const { key, value } = attribute;
    const existing = span.resourceAttributes.find((other) => other.key === key);
    if (!LIBRARY_KEYS.has(key)) kept.push(attribute);
    else if (existing && valueText(existing.value) !== valueText(value)) {
      kept.push(attribute);
      const what = 'conflicting values between Span and Resource for attribute';
      span.warnings.push(`${what} ${key}`);
    } else if (!existing) span.resourceAttributes = [...span.resourceAttributes, attribute];
  }
  span.attributes = kept;
}

function dropEmptyLinks(span: ShownSpan): void {
  const valid = span.links.filter(({ traceId }) => traceId !== '');
  for (let lost = span.links.length - valid.length; lost > 0; lost--) {
    span.warnings.push('Invalid span link removed');
  }
  span.links = valid;
}
