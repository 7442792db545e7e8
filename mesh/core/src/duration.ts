const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * A duration as Linkerd's annotations write it: one whole number and `ms`, `s`, `m`, `h` or `d`, or
 * a bare `0`; space around it is allowed. Milliseconds, or undefined when it is not one. The same
 * grammar reads `rule.timeouts.request` of Gateway API routes, so `1m30s` is not a duration there.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^\s*(?:(?<value>\d{1,15})(?<unit>ms|s|m|h|d)|0)\s*$/.exec(text);
  if (!match) return undefined;
  const { value = '0', unit = 'ms' } = match.groups ?? {};
  return Number(value) * (UNITS_MS[unit] ?? Number.NaN);
}

/**
 * A duration as Go writes it (`1m30s`, `1.5s`, `250ms`), which policy.linkerd.io routes take.
 * Milliseconds, or undefined when it is not one. Negative durations are refused.
 */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (
    !/^(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$/.test(text)
  ) {
    return undefined;
  }
  let totalMs = 0;
  for (const [, value, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(value) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
  }
  return totalMs;
}
