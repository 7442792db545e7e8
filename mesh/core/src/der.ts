// The part of ASN.1's Distinguished Encoding Rules (X.690) that certificates are made of.

/** One value as it stands in the encoding. `content` is without, `whole` with, tag and length. */
export type Der = {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
};

/** What is not well-formed, or not what was expected. */
export class DerError extends Error {
  constructor(message: string) {
    super(`read DER: ${message}`);
    this.name = 'DerError';
  }
}

/** Tags; a context-specific one is `0x80 | n`, and `0xa0 | n` when it holds other values. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value: tag, length and contents. */
export function encode(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const head =
    length < 128 ? [tag, length] : [tag, 0x80 | bytesOf(length).length, ...bytesOf(length)];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const content of contents) {
    bytes.set(content, at);
    at += content.byteLength;
  }
  return bytes;
}

/** SEQUENCE. */
export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return encode(tags.sequence, ...items);
}

/** OBJECT IDENTIFIER from its dotted form, whose first two arcs are below 3 and 40. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encode(tags.oid, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** INTEGER from an unsigned big-endian number of any length. */
export function integer(value: Uint8Array): Uint8Array {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : value.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return encode(tags.integer, sign, digits);
}

/** BIT STRING; `unused` bits of the last byte do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return encode(tags.bitString, Uint8Array.of(unused), bytes);
}

/** UTF8String. */
export function utf8(text: string): Uint8Array {
  return encode(tags.utf8String, new TextEncoder().encode(text));
}

/** A time in whole seconds: UTCTime until 2049, GeneralizedTime after (RFC 5280). */
export function time(epochMs: number): Uint8Array {
  const digits = new Date(epochMs)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/\D/g, '');
  const isLate = Number(digits.slice(0, 4)) >= 2050;
  const text = new TextEncoder().encode(`${isLate ? digits : digits.slice(2)}Z`);
  return encode(isLate ? tags.generalizedTime : tags.utcTime, text);
}

/**
 * The one value that `bytes` is.
 * @throws DerError when it is not DER or something follows it.
 */
export function decode(bytes: Uint8Array): Der {
  const [value, ...rest] = decodeAll(bytes);
  if (value === undefined || rest.length > 0) throw new DerError('expected one value');
  return value;
}

/**
 * The values inside `value`, which must have the tag `tag`.
 * @throws DerError when it has another or holds what is not DER.
 */
export function children(value: Der | undefined, tag: number): Der[] {
  if (value?.tag !== tag) {
    const found = value === undefined ? 'nothing' : `tag ${value.tag}`;
    throw new DerError(`expected tag ${tag}, found ${found}`);
  }
  return decodeAll(value.content);
}

/** The dotted form of an OBJECT IDENTIFIER. Throws DerError when `value` is none. */
export function oidOf(value: Der | undefined): string {
  if (value?.tag !== tags.oid) throw new DerError('expected an object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

function decodeAll(bytes: Uint8Array): Der[] {
  const values: Der[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const value = decodeFirst(bytes.subarray(at));
    values.push(value);
    at += value.whole.byteLength;
  }
  return values;
}

function decodeFirst(bytes: Uint8Array): Der {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) throw new DerError('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw new DerError('tags above 30 are not supported');
  const count = first < 0x80 ? 0 : first & 0x7f;
  const digits = bytes.subarray(2, 2 + count);
  const length = count === 0 ? first : digits.reduce((sum, byte) => sum * 256 + byte, 0);
  const isShortest = count === 0 || (length >= 128 && digits[0] !== 0);
  if (first === 0x80 || count > 4 || digits.byteLength < count || !isShortest) {
    throw new DerError('a length is not in its shortest form');
  }
  const start = 2 + count;
  if (bytes.byteLength < start + length) throw new DerError('it ends too early');
  return {
    tag,
    content: bytes.subarray(start, start + length),
    whole: bytes.subarray(0, start + length),
  };
}

function base128(arc: number): number[] {
  const digits = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift(0x80 | (rest % 128));
  }
  return digits;
}

function bytesOf(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}
