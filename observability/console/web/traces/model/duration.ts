const UNITS = [
  { name: 'µs', us: 1 },
  { name: 'ms', us: 1e3 },
  { name: 's', us: 1e6 },
] as const;
const MINUTE_US = 60e6;

/** Microseconds in three digits and the unit that suits them: `12.3 ms`, `1 min 05 s`. */
export function formatDuration(us: number): string {
  if (!Number.isFinite(us)) return '–';
  const size = Math.abs(us);
  const sign = us < 0 ? '−' : '';
  // What would round up to a thousand of a unit is one of the next.
  const unit = UNITS.findLast((one) => size >= one.us * 0.9995) ?? UNITS[0];
  if (size >= MINUTE_US - 0.5e6) return sign + minutes(Math.round(size / 1e6));
  const value = size / unit.us;
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const text = unit.us === 1 ? String(Math.round(value)) : value.toFixed(digits);
  return `${sign}${text} ${unit.name}`;
}

/** The same with its sign, for differences. */
export function formatDifference(us: number): string {
  if (Math.round(us) === 0) return '±0';
  return us > 0 ? `+${formatDuration(us)}` : formatDuration(us);
}

function minutes(seconds: number): string {
  const hours = Math.floor(seconds / 3_600);
  const rest = Math.floor((seconds % 3_600) / 60);
  if (hours > 0) return `${hours} h ${String(rest).padStart(2, '0')} min`;
  return `${rest} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Round steps between 0 and `spanUs`, both included if round, about `count` of them. */
export function timeTicks(spanUs: number, count: number): number[] {
  if (!(spanUs > 0) || count < 1) return [0];
  const raw = spanUs / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((size) => size >= raw) ?? raw;
  return Array.from({ length: Math.floor(spanUs / step + 1e-9) + 1 }, (_, index) => index * step);
}
