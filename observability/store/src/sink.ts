import type { SpanRecord } from '@faultline/origin/model';
import type { Resource } from './storage/interner.ts';
import { PlainAttributes } from './wire/plain-attributes.ts';
import type { SpanScan } from './wire/span-scan.ts';
import { readSpan, type SpanLink } from './wire/span.ts';

/**
 * Told of the spans of each request that was taken, before it is answered. Whatever it throws is
 * the caller's to see, and the whole store waits for it: note and return.
 */
export type SpanSink = (spans: readonly SpanRecord[]) => void;

const KINDS: readonly SpanRecord['kind'][] = [
  'internal',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];
const NO_LINKS: SpanRecord['links'] = [];
const US_PER_MS = 1_000;

/** Collects the spans of one request for the sinks; does nothing when there are none. */
export class SinkBatch {
  readonly #spans: SpanRecord[] = [];
  readonly #attributes: PlainAttributes | undefined;

  constructor(wanted: boolean) {
    this.#attributes = wanted ? new PlainAttributes() : undefined;
  }

  add(scan: SpanScan, resource: Resource): void {
    if (!this.#attributes) return;
    this.#spans.push(toSpanRecord(scan, resource, this.#attributes.read(scan)));
  }

  deliver(sinks: readonly SpanSink[]): void {
    if (this.#spans.length === 0) return;
    for (const sink of sinks) sink(this.#spans);
  }
}

/** The span that `scan` stands at, as the analysis wants it. It holds nothing of the request. */
function toSpanRecord(
  scan: SpanScan,
  resource: Resource,
  attributes: SpanRecord['attributes'],
): SpanRecord {
  const { bytes, parentSpanId, statusMessage } = scan;
  const { version, instance } = resource;
  const hex = (at: number, length: number) => bytes.toString('hex', at, at + length);
  const message = bytes.toString('utf8', statusMessage.start, statusMessage.end);
  return {
    traceId: hex(scan.traceId, 16),
    spanId: hex(scan.spanId, 8),
    ...(parentSpanId < 0 ? {} : { parentSpanId: hex(parentSpanId, 8) }),
    service: resource.service,
    ...(version === undefined ? {} : { version }),
    ...(instance === undefined ? {} : { instance }),
    kind: KINDS[scan.kind] ?? 'internal',
    name: scan.name,
    startMs: scan.startUs / US_PER_MS,
    durationMs: scan.durationUs / US_PER_MS,
    isError: scan.isError,
    ...(message === '' ? {} : { statusMessage: message }),
    attributes,
    links: scan.links.length === 0 ? NO_LINKS : readSpan(scan).links.map(toLink),
  };
}

function toLink({ traceId, spanId }: SpanLink): SpanRecord['links'][number] {
  return { traceId, spanId };
}
