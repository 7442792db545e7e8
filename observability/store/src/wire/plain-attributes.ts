import { Cursor, WIRE } from './cursor.ts';
import type { SpanScan } from './span-scan.ts';
import { integer, readAttribute, valueText } from './values.ts';

type Plain = string | number | boolean;

/** Tags of the fields of `KeyValue`, and of those of `AnyValue` that are plain. */
const KEY = (1 << 3) + WIRE.bytes;
const VALUE = (2 << 3) + WIRE.bytes;
const TEXT = (1 << 3) + WIRE.bytes;
const BOOL = (2 << 3) + WIRE.varint;
const INT = (3 << 3) + WIRE.varint;
const DOUBLE = (4 << 3) + WIRE.fixed64;

/**
 * Decodes attributes to plain values without making anything in between; lists, maps and bytes
 * become text. For those who read every span.
 */
export class PlainAttributes {
  readonly #cursor = new Cursor(Buffer.alloc(0));

  /** Those of the span that `scan` stands at. */
  read({ bytes, attributes }: SpanScan): Record<string, Plain> {
    const found: Record<string, Plain> = {};
    for (let at = 0; at < attributes.length; at += 2) {
      this.#read(found, bytes, { start: attributes[at] ?? 0, end: attributes[at + 1] ?? 0 });
    }
    return found;
  }

  #read(
    found: Record<string, Plain>,
    bytes: Buffer,
    { start, end }: { start: number; end: number },
  ): void {
    const cursor = this.#cursor;
    cursor.reset(bytes, start, end);
    // What every encoder writes: the key, then the value, and nothing else.
    if (cursor.varint() === KEY) {
      const key = cursor.text();
      const value = this.#value(bytes, end);
      if (value !== undefined) {
        found[key] = value;
        return;
      }
    }
    const { key, value } = readAttribute(bytes, start, end);
    const isPlain = value.type === 'bool' || value.type === 'int' || value.type === 'double';
    found[key] = isPlain ? value.value : valueText(value);
  }

  /** The value at the cursor, if it is plain and the last there is. */
  #value(bytes: Buffer, end: number): Plain | undefined {
    const cursor = this.#cursor;
    if (cursor.atEnd || cursor.varint() !== VALUE) return undefined;
    const start = cursor.block();
    if (cursor.pos !== end || start === end) return undefined;
    cursor.reset(bytes, start, end);
    const value = plainAt(cursor, cursor.varint());
    return cursor.atEnd ? value : undefined;
  }
}

function plainAt(cursor: Cursor, tag: number): Plain | undefined {
  if (tag === TEXT) return cursor.text();
  if (tag === INT) return integer(cursor.int64());
  if (tag === BOOL) return cursor.varint() !== 0;
  return tag === DOUBLE ? cursor.double() : undefined;
}
