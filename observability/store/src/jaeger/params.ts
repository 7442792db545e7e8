/** Thrown for a parameter that cannot be understood; the message names it. */
export class ParamError extends Error {
  override name = 'ParamError';
}

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/;
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;
const UNITS_US: Readonly<Record<string, number>> = {
  ns: 1e-3,
  us: 1,
  µs: 1,
  μs: 1,
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  h: 3_600e6,
};
const INTEGER = /^[+-]?\d{1,19}$/;

/** An RFC 3339 time as microseconds since the epoch; undefined when it is none. */
export function parseTimeUs(text: string): number | undefined {
  // Some clients send times as they are, and a plus in a query stands for a space.
  const match = RFC3339.exec(text.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (!match) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms * 1_000 + Number(`0.${fraction || '0'}`) * 1e6;
}

/** A Go duration, such as `1.5s` or `1h30m`, in microseconds; undefined when it is none. */
export function parseDurationUs(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  let total = 0;
  DURATION_PART.lastIndex = 0;
  while (DURATION_PART.lastIndex < rest.length) {
    const part = DURATION_PART.exec(rest);
    if (!part) return undefined;
    total += Number(part[1]) * (UNITS_US[part[2] ?? ''] ?? 0);
  }
  if (rest === '') return undefined;
  return sign === '-' ? -total : total;
}

/** A whole number; undefined when it is none or has no exact form. */
export function parseInteger(text: string): number | undefined {
  const value = Number(text);
  return INTEGER.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

/**
 * A trace id as 32 hex digits, of up to as many, or of base64 in any of its spellings.
 * @throws ParamError when it is neither.
 */
export function parseTraceIdParam(text: string): string {
  if (/^[0-9a-fA-F]{1,32}$/.test(text)) return text.toLowerCase().padStart(32, '0');
  if (/^[A-Za-z0-9+/_-]{1,22}={0,2}$/.test(text) && text.length <= 24) {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length === 16) return bytes.toString('hex');
  }
  const shown = text.slice(0, 64);
  throw new ParamError(`'${shown}' is no trace id: expected up to 32 hex digits, or base64`);
}
