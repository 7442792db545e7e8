import { Cursor, WIRE } from '../wire/cursor.ts';
import type { SpanScan } from '../wire/span-scan.ts';
import { AttributeHasher, hashBytes, mix } from './hash.ts';
import type { Resource, Scope } from './interner.ts';
import { FLAG, type TraceTable } from './trace-table.ts';

/** Field of the attributes in `Span.Event` and in `Span.Link`. */
const EVENT_ATTRIBUTES = 3;
const LINK_ATTRIBUTES = 4;

const OPERATION = 0x6f70;
const RESOURCE = 0x7265;

/** The fact that a trace has a span of this name and service. */
export function operationFact(serviceHash: number, nameHash: number): number {
  return mix(mix(serviceHash, OPERATION), nameHash);
}

/** The fact that a trace has a span of this resource. */
export function resourceFact(resourceHash: number): number {
  return mix(resourceHash, RESOURCE);
}

/** The fact that a trace has a span of this service with this attribute. */
export function tagFact(serviceHash: number, tagHash: number): number {
  return mix(serviceHash, tagHash);
}

/** Turns spans into what the table of traces says of them. */
export class TraceIndex {
  readonly #table: TraceTable;
  readonly #hasher = new AttributeHasher();
  readonly #cursor = new Cursor(Buffer.alloc(0));
  readonly #name = { start: 0, end: 0 };
  /** Of the span read last. */
  readonly #facts: number[] = [];

  constructor(table: TraceTable) {
    this.#table = table;
  }

  /**
   * Reads what is to be entered, all of it before anything is.
   * @throws WireError when an attribute, event or link is broken.
   */
  read(scan: SpanScan, { resource, scope }: { resource: Resource; scope: Scope }): void {
    const { bytes, attributes, events, links } = scan;
    const facts = this.#facts;
    const service = resource.serviceHash;
    this.#name.start = scan.nameStart;
    this.#name.end = scan.nameEnd;
    facts.length = 0;
    facts.push(service, resourceFact(resource.hash));
    facts.push(operationFact(service, hashBytes(bytes, this.#name)));
    for (const tag of scope.tags) facts.push(tagFact(service, tag));
    for (let at = 0; at < attributes.length; at += 2) {
      this.#attribute(bytes, { start: attributes[at] ?? 0, end: attributes[at + 1] ?? 0, service });
    }
    this.#nested(bytes, events, { field: EVENT_ATTRIBUTES, service });
    this.#nested(bytes, links, { field: LINK_ATTRIBUTES, service });
  }

  /** Enters what was read last into the row of its trace. */
  enter(slot: number, scan: SpanScan): void {
    const table = this.#table;
    const startUs = scan.startUs;
    const durationUs = scan.durationUs;
    table.startUs[slot] = Math.min(table.startUs[slot] ?? 0, startUs);
    table.endUs[slot] = Math.max(table.endUs[slot] ?? 0, startUs + durationUs);
    table.shortestUs[slot] = Math.min(table.shortestUs[slot] ?? 0, durationUs);
    table.longestUs[slot] = Math.max(table.longestUs[slot] ?? 0, durationUs);
    table.spans[slot] = (table.spans[slot] ?? 0) + 1;
    if (scan.isError) {
      table.errors[slot] = (table.errors[slot] ?? 0) + 1;
      table.flags[slot] = (table.flags[slot] ?? 0) | FLAG.error;
    }
    for (const fact of this.#facts) table.blooms.add(slot, fact);
  }

  /** The attributes inside events or links. */
  #nested(
    bytes: Buffer,
    ranges: readonly number[],
    { field, service }: { field: number; service: number },
  ): void {
    const cursor = this.#cursor;
    for (let at = 0; at < ranges.length; at += 2) {
      const end = ranges[at + 1] ?? 0;
      cursor.reset(bytes, ranges[at] ?? 0, end);
      while (cursor.pos < end) {
        const tag = cursor.varint();
        if (tag === field * 8 + WIRE.bytes) {
          const start = cursor.block();
          this.#attribute(bytes, { start, end: cursor.pos, service });
        } else cursor.skip(tag % 8);
      }
    }
  }

  #attribute(bytes: Buffer, of: { start: number; end: number; service: number }): void {
    this.#facts.push(tagFact(of.service, this.#hasher.hash(bytes, of.start, of.end)));
  }
}
