/** `12`, `3.4`, `0.05`: as many digits as matter. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 10_000) return `${formatNumber(value / 1_000)}k`;
  if (size >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(2)));
}

/** `0.2 ms`, `34 ms`, `1.2 s`, `3 min`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${formatNumber(ms)} ms`;
  if (ms < 100_000) return `${formatNumber(ms / 1_000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** A share from 0 to 1 as `4 %`; a share that is not nothing is never shown as nothing. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  const percent = share * 100;
  const digits = percent > 0 && percent < 10 && percent % 1 !== 0 ? 1 : 0;
  return `${percent.toFixed(digits).replace(/\.0$/, '')} %`;
}

/** `7 /s`. */
export function formatRate(perSecond: number): string {
  return `${formatNumber(perSecond)} /s`;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** The time of day, in the zone of whoever looks. */
export function formatTime(at: number | string): string {
  return clock.format(new Date(at));
}

/** `+0.4 s` after a beginning. */
export function formatOffset(ms: number): string {
  return `+${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}

/** `1 order`, `2 orders`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${formatNumber(amount)} ${amount === 1 ? one : many}`;
}
