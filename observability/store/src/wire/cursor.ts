/** Thrown for bytes that are no protobuf message, or none of ours. */
export class WireError extends Error {
  override name = 'WireError';
}

/** Protobuf's wire types; groups (3 and 4) have no place in OTLP and are refused. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const VARINT_BYTES_MAX = 10;

/**
 * Reads protobuf's primitives from a part of a buffer and never beyond its end. One is moved along
 * many messages, so that reading allocates nothing.
 */
export class Cursor {
  bytes: Buffer;
  pos = 0;
  end = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  /** Points at another part, of the same or another buffer. */
  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.pos >= this.end;
  }

  /** An unsigned varint; what lies beyond 2^53 is rounded. */
  varint(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (let count = 1; count < VARINT_BYTES_MAX; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new WireError(`a varint at byte ${this.pos} has more than ${VARINT_BYTES_MAX} bytes`);
  }

  /** A varint as a signed 64-bit integer. */
  int64(): bigint {
    const first = this.bytes[this.pos] ?? 0;
    if (first < 0x80) return BigInt(this.varint());
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new WireError(`a varint at byte ${this.pos} has more than ${VARINT_BYTES_MAX} bytes`);
  }

  fixed64(): bigint {
    return this.bytes.readBigUInt64LE(this.#take(8));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }

  fixed32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }

  /** Steps over eight bytes and returns where they start. */
  skip64(): number {
    return this.#take(8);
  }

  /** Reads a length and steps over as many bytes; returns where they start. They end at `pos`. */
  block(): number {
    const length = this.varint();
    return this.#take(length);
  }

  /** Text of so many bytes as the length says. What is no UTF-8 becomes U+FFFD. */
  text(): string {
    const start = this.block();
    return this.bytes.toString('utf8', start, this.pos);
  }

  /** Steps over the value of a field nobody asked for. */
  skip(wireType: number): void {
    if (wireType === WIRE.varint) this.varint();
    else if (wireType === WIRE.bytes) this.block();
    else if (wireType === WIRE.fixed64) this.#take(8);
    else if (wireType === WIRE.fixed32) this.#take(4);
    else throw new WireError(`wire type ${wireType} at byte ${this.pos} is not one of OTLP's`);
  }

  #byte(): number {
    if (this.pos >= this.end) throw this.#cutOff();
    return this.bytes[this.pos++] ?? 0;
  }

  #take(length: number): number {
    const start = this.pos;
    if (length > this.end - start) throw this.#cutOff();
    this.pos = start + length;
    return start;
  }

  #cutOff(): WireError {
    return new WireError(`the message ends at byte ${this.end}, in the middle of a field`);
  }
}
