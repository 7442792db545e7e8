import { Cursor, WIRE } from '../wire/cursor.ts';
import { readAttribute, valueText } from '../wire/values.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Stands between a key and its value, and for a value that is compared another way. */
const SEPARATOR = 0x1f;
const ANY_VALUE = 0x1e;

/** FNV-1a of a part of a buffer, going on from `seed`. */
export function hashBytes(bytes: Buffer, range: { start: number; end: number }, seed = FNV_OFFSET) {
  let hash = seed;
  for (let at = range.start; at < range.end; at++) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
  }
  return hash;
}

/** FNV-1a of a text's UTF-8. */
export function hashText(text: string, seed = FNV_OFFSET): number {
  const bytes = Buffer.from(text);
  return hashBytes(bytes, { start: 0, end: bytes.length }, seed);
}

/** One number of two; the order of the two matters. */
export function mix(a: number, b: number): number {
  return Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) | 0;
}

/** What {@link AttributeHasher} gives for an attribute of this key and a simple value. */
export function hashTag(key: string, value: string): number {
  return hashText(value, Math.imul(hashText(key) ^ SEPARATOR, FNV_PRIME));
}

/** What {@link AttributeHasher} gives for an attribute of this key whose value is a list or bytes. */
export function hashKey(key: string): number {
  return Math.imul(hashText(key) ^ ANY_VALUE, FNV_PRIME);
}

/** Hashes encoded attributes without decoding them, and finds the broken ones on the way. */
export class AttributeHasher {
  readonly #cursor = new Cursor(Buffer.alloc(0));
  readonly #range = { start: 0, end: 0 };

  /**
   * The hash of the `KeyValue` between `start` and `end`.
   * @throws WireError when it is none.
   */
  hash(bytes: Buffer, start: number, end: number): number {
    const cursor = this.#cursor;
    cursor.reset(bytes, start, end);
    let key = FNV_OFFSET;
    let valueStart = -1;
    let valueEnd = -1;
    while (cursor.pos < end) {
      const tag = cursor.varint();
      if (tag === (1 << 3) + WIRE.bytes) {
        this.#range.start = cursor.block();
        this.#range.end = cursor.pos;
        key = hashBytes(bytes, this.#range);
      } else if (tag === (2 << 3) + WIRE.bytes) {
        valueStart = cursor.block();
        valueEnd = cursor.pos;
      } else cursor.skip(tag % 8);
    }
    const seed = Math.imul(key ^ SEPARATOR, FNV_PRIME);
    if (valueStart < 0 || valueStart === valueEnd) return seed;
    if (bytes[valueStart] === (1 << 3) + WIRE.bytes) {
      cursor.reset(bytes, valueStart + 1, valueEnd);
      this.#range.start = cursor.block();
      this.#range.end = cursor.pos;
      if (cursor.pos === valueEnd) return hashBytes(bytes, this.#range, seed);
    }
    const { value } = readAttribute(bytes, start, end);
    return SIMPLE.has(value.type)
      ? hashText(valueText(value), seed)
      : Math.imul(key ^ ANY_VALUE, FNV_PRIME);
  }
}

const SIMPLE = new Set(['string', 'bool', 'int', 'double', 'empty']);
