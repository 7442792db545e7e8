/** Text as a PromQL string. */
export function promString(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** A queried stretch of time in seconds since the epoch. */
export type Range = { readonly start: number; readonly end: number; readonly step: number };

export const ranges = ['5m', '15m', '30m', '1h', '3h', '12h', '24h'] as const;

const DURATION = /^(\d{1,6})(s|m|h|d)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** More points than a graph has pixels tell nothing; Prometheus refuses more than 11,000. */
const POINTS = 250;
const POINTS_MAX = 10_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

/** Such as `15m` in seconds; undefined when it is no duration. */
export function seconds(text: string): number | undefined {
  const [, count = '', unit = ''] = DURATION.exec(text.trim()) ?? [];
  const value = Number(count) * (SECONDS[unit] ?? 0);
  return value > 0 ? value : undefined;
}

/**
 * The stretch of so long that ends at a moment, on whole steps so that points stay where they are
 * while time goes on. An empty step is one that suits.
 * @throws RangeError that says what cannot be understood.
 */
export function rangeUntil(endMs: number, range: string, step: string): Range {
  const length = seconds(range);
  if (length === undefined) throw new RangeError(`range: '${range}' is none; expected such as 15m`);
  const wanted = step === '' ? suitable(length) : seconds(step);
  if (wanted === undefined) throw new RangeError(`step: '${step}' is none; expected such as 10s`);
  if (length / wanted > POINTS_MAX) {
    throw new RangeError(`step: ${step} makes more than ${POINTS_MAX} points of ${range}`);
  }
  const end = Math.floor(endMs / 1_000 / wanted) * wanted;
  return { start: end - Math.floor(length / wanted) * wanted, end, step: wanted };
}

function suitable(length: number): number {
  return STEPS.find((step) => length / step <= POINTS) ?? Math.ceil(length / POINTS);
}
