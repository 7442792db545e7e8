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

type Key = { readonly name: string; readonly bytes: Buffer };

/** Longer values are cut off. */
const TEXT_MAX = 1_024;

/**
 * Decodes some attributes to plain values without making anything in between; lists, maps and bytes
 * become text. For those who read every span.
 */
export class PlainAttributes {
  readonly #cursor = new Cursor(Buffer.alloc(0));
  /** By length in bytes. */
  readonly #keys = new Map<number, Key[]>();

  /** @param names of those that are wanted; the others are passed over */
  constructor(names: readonly string[]) {
    for (const name of names) {
      const key = { name, bytes: Buffer.from(name) };
      this.#keys.set(key.bytes.length, [...(this.#keys.get(key.bytes.length) ?? []), key]);
    }
  }

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
      const name = this.#wanted(bytes, cursor.block(), cursor.pos);
      if (name === undefined) return;
      const value = this.#value(bytes, end);
      if (value !== undefined) {
        found[name] = value;
        return;
      }
    }
    const { key, value } = readAttribute(bytes, start, end);
    if (!this.#isWanted(key)) return;
    const isPlain = value.type === 'bool' || value.type === 'int' || value.type === 'double';
    found[key] = isPlain ? value.value : valueText(value).slice(0, TEXT_MAX);
  }

  #isWanted(key: string): boolean {
    const bytes = Buffer.from(key);
    return this.#wanted(bytes, 0, bytes.length) !== undefined;
  }

  /** The name that stands there, if it is wanted. */
  #wanted(bytes: Buffer, start: number, end: number): string | undefined {
    return this.#keys.get(end - start)?.find((key) => stands(key.bytes, bytes, start))?.name;
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
  if (tag === TEXT) return text(cursor);
  if (tag === INT) return integer(cursor.int64());
  if (tag === BOOL) return cursor.varint() !== 0;
  return tag === DOUBLE ? cursor.double() : undefined;
}

function text(cursor: Cursor): string {
  const start = cursor.block();
  return cursor.bytes.toString('utf8', start, Math.min(cursor.pos, start + TEXT_MAX));
}

function stands(key: Buffer, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < key.length; at++) if (bytes[start + at] !== key[at]) return false;
  return true;
}
