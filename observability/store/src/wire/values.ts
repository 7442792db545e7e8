import { Cursor, WIRE, WireError } from './cursor.ts';

/** An attribute's value with its type, as OTLP has it. Integers beyond 2^53 are decimal text. */
export type AnyValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: number | string }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Buffer }
  | { readonly type: 'array'; readonly value: readonly AnyValue[] }
  | { readonly type: 'map'; readonly value: readonly Attribute[] }
  | { readonly type: 'empty'; readonly value: null };

export type Attribute = { readonly key: string; readonly value: AnyValue };

/** Values inside values: as deep as anybody needs, and no stack overflows. */
export const DEPTH_MAX = 32;

const EMPTY: AnyValue = { type: 'empty', value: null };

/**
 * Decodes one `KeyValue` message.
 * @throws WireError when it is none, or nested deeper than {@link DEPTH_MAX}.
 */
export function readAttribute(bytes: Buffer, start: number, end: number): Attribute {
  return attributeAt(new Cursor(bytes, start, end), 0);
}

const MEMO_BYTES_MAX = 128;
const MEMO_ENTRIES_MAX = 4_000;

/**
 * Decodes attributes, each that has been seen before only once: spans of a trace share most of theirs.
 * What it gives out is shared, too. Bounded; for one trace, not to be kept.
 */
export class AttributeMemo {
  readonly #known = new Map<string, Attribute>();

  /** @throws WireError as {@link readAttribute} does. */
  read(bytes: Buffer, start: number, end: number): Attribute {
    if (end - start > MEMO_BYTES_MAX) return readAttribute(bytes, start, end);
    const encoded = bytes.toString('latin1', start, end);
    let attribute = this.#known.get(encoded);
    if (!attribute) {
      attribute = readAttribute(bytes, start, end);
      if (this.#known.size < MEMO_ENTRIES_MAX) this.#known.set(encoded, attribute);
    }
    return attribute;
  }
}

function attributeAt(cursor: Cursor, depth: number): Attribute {
  if (depth > DEPTH_MAX) throw new WireError(`a value is nested deeper than ${DEPTH_MAX}`);
  let key = '';
  let value = EMPTY;
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag === (1 << 3) + WIRE.bytes) key = cursor.text();
    else if (tag === (2 << 3) + WIRE.bytes) {
      const from = cursor.block();
      value = readValue(new Cursor(cursor.bytes, from, cursor.pos), depth);
    } else cursor.skip(tag % 8);
  }
  return { key, value };
}

/** Decodes the `AnyValue` that `cursor` holds. */
function readValue(cursor: Cursor, depth: number): AnyValue {
  let value = EMPTY;
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    const read = readers[tag];
    if (read) value = read(cursor, depth);
    else cursor.skip(tag % 8);
  }
  return value;
}

/** By tag: field number and wire type. */
const readers: Readonly<Record<number, (cursor: Cursor, depth: number) => AnyValue>> = {
  [(1 << 3) + WIRE.bytes]: (cursor) => ({ type: 'string', value: cursor.text() }),
  [(2 << 3) + WIRE.varint]: (cursor) => ({ type: 'bool', value: cursor.varint() !== 0 }),
  [(3 << 3) + WIRE.varint]: (cursor) => ({ type: 'int', value: integer(cursor.int64()) }),
  [(4 << 3) + WIRE.fixed64]: (cursor) => ({ type: 'double', value: cursor.double() }),
  [(5 << 3) + WIRE.bytes]: (cursor, depth) => ({ type: 'array', value: list(cursor, depth) }),
  [(6 << 3) + WIRE.bytes]: (cursor, depth) => ({ type: 'map', value: map(cursor, depth) }),
  [(7 << 3) + WIRE.bytes]: (cursor) => {
    const start = cursor.block();
    return { type: 'bytes', value: Buffer.from(cursor.bytes.subarray(start, cursor.pos)) };
  },
};

function list(outer: Cursor, depth: number): AnyValue[] {
  if (depth >= DEPTH_MAX) throw new WireError(`a value is nested deeper than ${DEPTH_MAX}`);
  return eachOf(outer, (value) => readValue(value, depth + 1));
}

function map(outer: Cursor, depth: number): Attribute[] {
  return eachOf(outer, (attribute) => attributeAt(attribute, depth + 1));
}

/** `ArrayValue` and `KeyValueList` both are a repeated field 1. */
function eachOf<T>(outer: Cursor, read: (part: Cursor) => T): T[] {
  const from = outer.block();
  const cursor = new Cursor(outer.bytes, from, outer.pos);
  const found: T[] = [];
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag !== (1 << 3) + WIRE.bytes) {
      cursor.skip(tag % 8);
      continue;
    }
    const start = cursor.block();
    found.push(read(new Cursor(outer.bytes, start, cursor.pos)));
  }
  return found;
}

/** A 64-bit integer as a number where a number can hold it. */
export function integer(value: bigint): number | string {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value.toString();
}

/** A value as text, the form in which searches compare. */
export function valueText(value: AnyValue): string {
  switch (value.type) {
    case 'string':
      return value.value;
    case 'bytes':
      return value.value.toString('base64');
    case 'array':
    case 'map':
      return JSON.stringify(plain(value));
    case 'empty':
      return '';
    default:
      return String(value.value);
  }
}

function plain(value: AnyValue): unknown {
  switch (value.type) {
    case 'array':
      return value.value.map(plain);
    case 'map':
      return Object.fromEntries(value.value.map((entry) => [entry.key, plain(entry.value)]));
    case 'bytes':
      return value.value.toString('base64');
    default:
      return value.value;
  }
}
