/** A trace id as four big-endian 32-bit words: what tables compare, without making strings. */
export type TraceIdWords = { a: number; b: number; c: number; d: number };

/** Reads the 16 bytes at `at` into `words`. */
export function readTraceId(bytes: Buffer, at: number, words: TraceIdWords): void {
  words.a = bytes.readUInt32BE(at);
  words.b = bytes.readUInt32BE(at + 4);
  words.c = bytes.readUInt32BE(at + 8);
  words.d = bytes.readUInt32BE(at + 12);
}

/** Whether the 16 bytes at `at` are this id. */
export function isTraceId(bytes: Buffer, at: number, { a, b, c, d }: TraceIdWords): boolean {
  return (
    bytes.readUInt32BE(at + 12) === d &&
    bytes.readUInt32BE(at + 8) === c &&
    bytes.readUInt32BE(at + 4) === b &&
    bytes.readUInt32BE(at) === a
  );
}

/** Words of 32 hex digits. */
export function parseTraceId(hex: string): TraceIdWords {
  const words = { a: 0, b: 0, c: 0, d: 0 };
  readTraceId(Buffer.from(hex, 'hex'), 0, words);
  return words;
}

/** 32 hex digits. */
export function formatTraceId({ a, b, c, d }: TraceIdWords): string {
  return [a, b, c, d].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** Random ids spread well by themselves; counted ones (0…01, 0…02) need the mixing. */
export function hashTraceId({ a, b, c, d }: TraceIdWords): number {
  let hash = a ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
