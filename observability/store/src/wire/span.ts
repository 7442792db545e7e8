import { Cursor, WIRE } from './cursor.ts';
import type { Range, SpanScan } from './span-scan.ts';
import { type Attribute, type AttributeMemo, readAttribute } from './values.ts';

export type SpanEvent = {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
};

export type SpanLink = {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
  readonly flags: number;
};

/** A span, whole. Ids are hex; times are nanoseconds since the epoch. */
export type Span = {
  readonly traceId: string;
  spanId: string;
  /** '' on a root. */
  parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  attributes: readonly Attribute[];
  readonly droppedAttributes: number;
  readonly events: readonly SpanEvent[];
  readonly droppedEvents: number;
  links: readonly SpanLink[];
  readonly droppedLinks: number;
  readonly statusCode: number;
  readonly statusMessage: string;
};

/**
 * Decodes the span that `scan` stands at; with the attributes of those before it, if there is a `memo`.
 * @throws WireError when what is inside its fields is broken.
 */
export function readSpan(scan: SpanScan, memo?: AttributeMemo): Span {
  const { bytes, kind, flags, statusCode, droppedAttributes, droppedEvents, droppedLinks } = scan;
  return {
    traceId: bytes.toString('hex', scan.traceId, scan.traceId + 16),
    spanId: bytes.toString('hex', scan.spanId, scan.spanId + 8),
    parentSpanId:
      scan.parentSpanId < 0 ? '' : bytes.toString('hex', scan.parentSpanId, scan.parentSpanId + 8),
    traceState: textOf(bytes, scan.traceState),
    flags,
    name: scan.name,
    kind,
    startNs: scan.startTime < 0 ? 0n : bytes.readBigUInt64LE(scan.startTime),
    endNs: scan.endTime < 0 ? 0n : bytes.readBigUInt64LE(scan.endTime),
    attributes: eachRange(scan.attributes, (start, end) =>
      memo ? memo.read(bytes, start, end) : readAttribute(bytes, start, end),
    ),
    droppedAttributes,
    events: eachRange(scan.events, (start, end) => readEvent(bytes, start, end)),
    droppedEvents,
    links: eachRange(scan.links, (start, end) => readLink(bytes, start, end)),
    droppedLinks,
    statusCode,
    statusMessage: textOf(bytes, scan.statusMessage),
  };
}

function textOf(bytes: Buffer, { start, end }: Range): string {
  return start === end ? '' : bytes.toString('utf8', start, end);
}

function readEvent(bytes: Buffer, start: number, end: number): SpanEvent {
  const attributes: Attribute[] = [];
  let [timeNs, name, droppedAttributes] = [0n, '', 0];
  const cursor = new Cursor(bytes, start, end);
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag === (1 << 3) + WIRE.fixed64) timeNs = cursor.fixed64();
    else if (tag === (2 << 3) + WIRE.bytes) name = cursor.text();
    else if (tag === (3 << 3) + WIRE.bytes) {
      const from = cursor.block();
      attributes.push(readAttribute(bytes, from, cursor.pos));
    } else if (tag === (4 << 3) + WIRE.varint) droppedAttributes = cursor.varint();
    else cursor.skip(tag % 8);
  }
  return { timeNs, name, attributes, droppedAttributes };
}

function readLink(bytes: Buffer, start: number, end: number): SpanLink {
  const attributes: Attribute[] = [];
  const link = { traceId: '', spanId: '', traceState: '', droppedAttributes: 0, flags: 0 };
  const cursor = new Cursor(bytes, start, end);
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag % 8 === WIRE.bytes) {
      const field = Math.floor(tag / 8);
      const from = cursor.block();
      if (field === 1) link.traceId = idText(bytes.subarray(from, cursor.pos), 16);
      else if (field === 2) link.spanId = idText(bytes.subarray(from, cursor.pos), 8);
      else if (field === 3) link.traceState = bytes.toString('utf8', from, cursor.pos);
      else if (field === 4) attributes.push(readAttribute(bytes, from, cursor.pos));
    } else if (tag === (5 << 3) + WIRE.varint) link.droppedAttributes = cursor.varint();
    else if (tag === (6 << 3) + WIRE.fixed32) link.flags = cursor.fixed32();
    else cursor.skip(tag % 8);
  }
  return { ...link, attributes };
}

/** An id in hex; '' for what is none: absent, all zeros or of another length. */
function idText(bytes: Buffer, length: number): string {
  return bytes.length === length && bytes.some((byte) => byte !== 0) ? bytes.toString('hex') : '';
}

function eachRange<T>(ranges: readonly number[], read: (start: number, end: number) => T): T[] {
  const found: T[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    found.push(read(ranges[at] ?? 0, ranges[at + 1] ?? 0));
  }
  return found;
}
