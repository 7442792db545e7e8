import { formatMs, formatNumber, formatShare } from '../../core/format.ts';

export type Unit = 'number' | 'ms' | 'seconds' | 'bytes' | 'share';

/** What a query's values are, as its names tell. */
export function unitOf(query: string): Unit {
  if (/[:_]ratio(\d+[dh])?\b/.test(query) && !query.includes('amplification')) {
    return 'share';
  }
  if (/latency_ms|_ms\b/.test(query)) return /_bucket|_count|_sum/.test(query) ? rest(query) : 'ms';
  if (/_seconds/.test(query)) return /_count\b|_bucket\b/.test(query) ? rest(query) : 'seconds';
  return /_bytes/.test(query) ? 'bytes' : 'number';
}

/** A quantile of buckets is in the unit of the buckets; rates of counts are numbers. */
function rest(query: string): Unit {
  if (!query.includes('histogram_quantile')) return 'number';
  return query.includes('_seconds') ? 'seconds' : 'ms';
}

export function formatUnit(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return String(value);
  switch (unit) {
    case 'ms':
      return formatMs(value);
    case 'seconds':
      return formatMs(value * 1_000);
    case 'share':
      return formatShare(value);
    case 'bytes':
      return formatBytes(value);
    default:
      return formatNumber(value);
  }
}

function formatBytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const size = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)),
  );
  return `${formatNumber(value / 1_024 ** size)} ${units[size] ?? ''}`;
}
