import type { SpanRecord } from '@faultline/origin/model';
import { ATTRIBUTES_READ } from '@faultline/origin/reading';
import type { Resource } from './storage/interner.ts';
import { PlainAttributes } from './wire/plain-attributes.ts';
import type { SpanScan } from './wire/span-scan.ts';

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
/** Longer names hold ids or worse, and whoever listens keeps them. */
const NAME_MAX = 200;

/** Reads the attributes that the analysis reads. */
export function sinkAttributes(): PlainAttributes {
  return new PlainAttributes(ATTRIBUTES_READ);
}

/** Collects the spans of one request for the sinks; does nothing when there are none. */
export class SinkBatch {
  readonly #spans: SpanRecord[] = [];
  readonly #attributes: PlainAttributes | undefined;

  /** @param attributes undefined when nobody listens */
  constructor(attributes: PlainAttributes | undefined) {
    this.#attributes = attributes;
  }

  add(scan: SpanScan, resource: Resource): void {
    if (!this.#attributes || resource.service.length > NAME_MAX) return;
    this.#spans.push(toSpanRecord(scan, resource, this.#attributes.read(scan)));
  }

  deliver(sinks: readonly SpanSink[]): void {
    if (this.#spans.length === 0) return;
    for (const sink of sinks) sink(this.#spans);
  }
}

/** The span that `scan` stands at, as the analysis wants it and no more. It holds nothing of the request. */
export function toSpanRecord(
  scan: SpanScan,
  resource: Resource,
  attributes: SpanRecord['attributes'],
): SpanRecord {
  const { bytes, parentSpanId } = scan;
  const { version, instance } = resource;
  const hex = (at: number, length: number) => bytes.toString('hex', at, at + length);
  return {
    traceId: hex(scan.traceId, 16),
    spanId: hex(scan.spanId, 8),
    ...(parentSpanId < 0 ? {} : { parentSpanId: hex(parentSpanId, 8) }),
    service: resource.service,
    ...(version === undefined ? {} : { version }),
    ...(instance === undefined ? {} : { instance }),
    kind: KINDS[scan.kind] ?? 'internal',
    name: scan.name.length > NAME_MAX ? scan.name.slice(0, NAME_MAX) : scan.name,
    startMs: scan.startUs / US_PER_MS,
    durationMs: scan.durationUs / US_PER_MS,
    isError: scan.isError,
    attributes,
    links: NO_LINKS,
  };
}
