type JsonObject = Readonly<Record<string, unknown>>;

const nothing: JsonObject = {};

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What came over the wire as an object; anything else reads as an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : nothing;
}

/** As a list; anything else reads as an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** As text; '' for what is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** As a finite number, also from a decimal string, as 64-bit numbers travel; 0 for what is none. */
export function numberOf(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : 0;
}
