import { WIRE } from './cursor.ts';

/** Writes protobuf's primitives into a buffer that grows. */
export class Writer {
  #bytes = Buffer.allocUnsafe(4_096);
  #pos = 0;

  /** What was written, in a buffer of its own. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#pos));
  }

  text(field: number, value: string): void {
    if (value !== '') this.bytes(field, Buffer.from(value));
  }

  bytes(field: number, value: Buffer): void {
    this.#tag(field, WIRE.bytes);
    this.#varint(value.length);
    this.#room(value.length);
    value.copy(this.#bytes, this.#pos);
    this.#pos += value.length;
  }

  /** A varint: an unsigned number, a boolean, or a signed 64-bit integer in two's complement. */
  integer(field: number, value: bigint): void {
    this.#tag(field, WIRE.varint);
    this.#room(10);
    let left = BigInt.asUintN(64, value);
    while (left > 0x7fn) {
      this.#bytes[this.#pos++] = Number(left & 0x7fn) | 0x80;
      left >>= 7n;
    }
    this.#bytes[this.#pos++] = Number(left);
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, WIRE.fixed64);
    this.#room(8);
    this.#pos = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#pos);
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, WIRE.fixed32);
    this.#room(4);
    this.#pos = this.#bytes.writeUInt32LE(value >>> 0, this.#pos);
  }

  double(field: number, value: number): void {
    this.#tag(field, WIRE.fixed64);
    this.#room(8);
    this.#pos = this.#bytes.writeDoubleLE(value, this.#pos);
  }

  /** A message inside this one, whose fields `write` writes. */
  message(field: number, write: () => void): void {
    this.#tag(field, WIRE.bytes);
    const start = this.#pos;
    write();
    const length = this.#pos - start;
    // Its length comes before it and is known only now: what was written moves up.
    const head = varintBytes(length);
    this.#room(head);
    this.#bytes.copyWithin(start + head, start, this.#pos);
    this.#pos = start;
    this.#varint(length);
    this.#pos = start + head + length;
  }

  /** Forgets what was written after the position that {@link mark} gave. */
  rewind(mark: number): void {
    this.#pos = mark;
  }

  get mark(): number {
    return this.#pos;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#room(5);
    let left = value;
    while (left > 0x7f) {
      this.#bytes[this.#pos++] = (left & 0x7f) | 0x80;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#pos++] = left;
  }

  #room(bytes: number): void {
    if (this.#pos + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#pos + bytes));
    this.#bytes.copy(grown, 0, 0, this.#pos);
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left > 0x7f; left = Math.floor(left / 128)) bytes += 1;
  return bytes;
}
