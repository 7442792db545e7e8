import { Cursor, WIRE, WireError } from './cursor.ts';

/** Field numbers of `opentelemetry.proto.trace.v1.Span`. */
const SPAN = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  droppedAttributes: 10,
  events: 11,
  droppedEvents: 12,
  links: 13,
  droppedLinks: 14,
  status: 15,
  flags: 16,
} as const;

/** Numbers of `Status.StatusCode`. */
export const STATUS = { unset: 0, ok: 1, error: 2 } as const;

export type Range = { start: number; end: number };

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/**
 * Where the parts of one encoded span lie. Made once and moved from span to span: scanning is what
 * every span pays for, decoding only what somebody looks at.
 */
export class SpanScan {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** Offset of the 16 bytes. */
  traceId = 0;
  /** Offset of the 8 bytes. */
  spanId = 0;
  /** Offset of the 8 bytes, or -1 on a root. */
  parentSpanId = -1;
  nameStart = 0;
  nameEnd = 0;
  kind = 0;
  /** Offsets of the fixed64, or -1. */
  startTime = -1;
  endTime = -1;
  statusCode = 0;
  readonly statusMessage: Range = { start: 0, end: 0 };
  readonly traceState: Range = { start: 0, end: 0 };
  flags = 0;
  droppedAttributes = 0;
  droppedEvents = 0;
  droppedLinks = 0;
  /** Pairs of start and end. */
  readonly attributes: number[] = [];
  readonly events: number[] = [];
  readonly links: number[] = [];
  readonly #cursor = new Cursor(Buffer.alloc(0));
  #name: string | undefined;

  /**
   * Reads the span between `start` and `end`.
   * @throws WireError when that is no span, or one without its ids.
   */
  scan(bytes: Buffer, start: number, end: number): void {
    this.#clear(bytes, start, end);
    const cursor = this.#cursor;
    cursor.reset(bytes, start, end);
    while (cursor.pos < end) {
      const tag = cursor.varint();
      this.#field(cursor, Math.floor(tag / 8), tag % 8);
    }
    this.#check();
  }

  get name(): string {
    return (this.#name ??= this.bytes.toString('utf8', this.nameStart, this.nameEnd));
  }

  /** Microseconds since the epoch, with fractions. */
  get startUs(): number {
    return this.#us(this.startTime);
  }

  /** Microseconds; 0 for a span that ends before it starts. */
  get durationUs(): number {
    if (this.startTime < 0 || this.endTime < 0) return Math.max(0, this.#us(this.endTime));
    const { bytes } = this;
    const high = bytes.readUInt32LE(this.endTime + 4) - bytes.readUInt32LE(this.startTime + 4);
    const low = bytes.readUInt32LE(this.endTime) - bytes.readUInt32LE(this.startTime);
    return Math.max(0, (high * 4_294_967_296 + low) / 1_000);
  }

  get isError(): boolean {
    return this.statusCode === STATUS.error;
  }

  #clear(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.traceId = -1;
    this.spanId = -1;
    this.parentSpanId = -1;
    this.nameStart = this.nameEnd = start;
    this.#name = undefined;
    this.kind = 0;
    this.startTime = this.endTime = -1;
    this.statusCode = 0;
    this.statusMessage.start = this.statusMessage.end = start;
    this.traceState.start = this.traceState.end = start;
    this.flags = this.droppedAttributes = this.droppedEvents = this.droppedLinks = 0;
    this.attributes.length = this.events.length = this.links.length = 0;
  }

  #field(cursor: Cursor, field: number, wireType: number): void {
    if (field < FIELD_MIN) throw new WireError('a field has the number 0');
    if (wireType === WIRE.bytes) this.#blockField(cursor, field);
    else if (wireType === WIRE.varint) this.#number(field, cursor.varint());
    else if (field === SPAN.start && wireType === WIRE.fixed64) this.startTime = cursor.skip64();
    else if (field === SPAN.end && wireType === WIRE.fixed64) this.endTime = cursor.skip64();
    else if (field === SPAN.flags && wireType === WIRE.fixed32) this.flags = cursor.fixed32();
    else cursor.skip(wireType);
  }

  #number(field: number, value: number): void {
    if (field === SPAN.kind) this.kind = kindOf(value);
    else if (field === SPAN.droppedAttributes) this.droppedAttributes = value;
    else if (field === SPAN.droppedEvents) this.droppedEvents = value;
    else if (field === SPAN.droppedLinks) this.droppedLinks = value;
  }

  #blockField(cursor: Cursor, field: number): void {
    const start = cursor.block();
    const end = cursor.pos;
    switch (field) {
      case SPAN.traceId:
        this.traceId = idAt(start, end, { name: 'trace id', bytes: TRACE_ID_BYTES });
        return;
      case SPAN.spanId:
        this.spanId = idAt(start, end, { name: 'span id', bytes: SPAN_ID_BYTES });
        return;
      case SPAN.parentSpanId:
        this.#parent(start, end);
        return;
      case SPAN.name:
        this.nameStart = start;
        this.nameEnd = end;
        return;
      case SPAN.traceState:
        this.traceState.start = start;
        this.traceState.end = end;
        return;
      case SPAN.attributes:
        this.attributes.push(start, end);
        return;
      case SPAN.events:
        this.events.push(start, end);
        return;
      case SPAN.links:
        this.links.push(start, end);
        return;
      case SPAN.status:
        this.#status(start, end);
        break;
      default:
    }
  }

  /** Exporters write no parent as an absent field, no bytes, or eight zeros. */
  #parent(start: number, end: number): void {
    if (start === end) return;
    const at = idAt(start, end, { name: 'parent span id', bytes: SPAN_ID_BYTES });
    this.parentSpanId = isZero(this.bytes, at, SPAN_ID_BYTES) ? -1 : at;
  }

  #status(start: number, end: number): void {
    const cursor = new Cursor(this.bytes, start, end);
    while (!cursor.atEnd) {
      const tag = cursor.varint();
      if (tag === (2 << 3) + WIRE.bytes) {
        this.statusMessage.start = cursor.block();
        this.statusMessage.end = cursor.pos;
      } else if (tag === (3 << 3) + WIRE.varint) {
        this.statusCode = cursor.varint();
      } else cursor.skip(tag % 8);
    }
  }

  #check(): void {
    if (this.traceId < 0) throw new WireError('a span has no trace id');
    if (this.spanId < 0) throw new WireError('a span has no span id');
    if (isZero(this.bytes, this.traceId, TRACE_ID_BYTES)) {
      throw new WireError('the trace id is all zeros');
    }
    if (isZero(this.bytes, this.spanId, SPAN_ID_BYTES)) {
      throw new WireError('the span id is all zeros');
    }
  }

  #us(at: number): number {
    if (at < 0) return 0;
    // Whole microseconds, exactly: nanoseconds since 1970 are beyond what a double holds, and 2^32 of
    // them are 4,294,967 µs and 296 ns.
    const [low, high] = [this.bytes.readUInt32LE(at), this.bytes.readUInt32LE(at + 4)];
    return high * 4_294_967 + Math.floor((high * 296 + low) / 1_000);
  }
}

const FIELD_MIN = 1;

function kindOf(value: number): number {
  return value <= 5 ? value : 0;
}

function idAt(start: number, end: number, id: { name: string; bytes: number }): number {
  if (end - start !== id.bytes) {
    throw new WireError(`a ${id.name} has ${end - start} bytes, expected ${id.bytes}`);
  }
  return start;
}

function isZero(bytes: Buffer, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) if (bytes[at] !== 0) return false;
  return true;
}
