/** Thrown for JSON that is no OTLP; says where and what was expected. */
export class JsonError extends Error {
  override name = 'JsonError';
}

export type JsonObject = Readonly<Record<string, unknown>>;

const INTEGER = /^-?\d{1,20}$/;
const UINT64_MAX = 2n ** 64n;

/** The fields of an object; absent and null are an empty one. */
export function objectOf(value: unknown, what: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw expected('an object', what);
  // Any object has fields of which nothing is known.
  return value as JsonObject;
}

/** The elements of a list; absent and null are an empty one. */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw expected('a list', what);
  return value;
}

/** A text; absent and null are an empty one. */
export function textOf(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw expected('a string', what);
  return value;
}

/** Bytes in hex, as OTLP writes ids. */
export function hexOf(value: unknown, what: string): Buffer {
  const text = textOf(value, what);
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw expected('hex digits', what);
  return Buffer.from(text, 'hex');
}

/** A 64-bit integer: a string of digits, or a number, as JSON writers differ. */
export function integerOf(value: unknown, what: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === 'number' && Number.isInteger(value)) return within64(BigInt(value), what);
  if (typeof value === 'string' && INTEGER.test(value)) return within64(BigInt(value), what);
  throw expected('an integer', what);
}

/** A number; text stands for those that JSON has not, such as `NaN`. */
export function doubleOf(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw expected('a number', what);
}

/** An enumeration: its number, or its name. */
export function enumOf(value: unknown, names: readonly string[], what: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  const index = typeof value === 'string' ? names.indexOf(value) : -1;
  if (index < 0) throw expected(`one of ${names.join(', ')} or its number`, what);
  return index;
}

function within64(value: bigint, what: string): bigint {
  if (value >= UINT64_MAX || value < -UINT64_MAX / 2n) throw expected('64 bits', what);
  return value;
}

function expected(expectation: string, what: string): JsonError {
  return new JsonError(`${what}: expected ${expectation}`);
}
