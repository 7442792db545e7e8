/** What is searched for, as the address of the page holds it; '' for what does not matter. */
export type Search = {
  readonly service: string;
  readonly operation: string;
  /** `key=value key="other value"` */
  readonly tags: string;
  readonly minDuration: string;
  readonly maxDuration: string;
  readonly errors: '' | 'only';
  /** The service where errors must have begun. */
  readonly origin: string;
  readonly version: string;
  /** Such as `15m`. */
  readonly lookback: string;
  readonly limit: string;
};

export const lookbacks = ['5m', '15m', '30m', '1h', '3h', '24h'] as const;
export const limits = ['20', '100', '400', '1500'] as const;

export const anySearch: Search = {
  service: '',
  operation: '',
  tags: '',
  minDuration: '',
  maxDuration: '',
  errors: '',
  origin: '',
  version: '',
  lookback: '15m',
  limit: '100',
};

const TAG = /\s*([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/gy;
const DURATION = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;
const LOOKBACK = /^(\d{1,4})(s|m|h|d)$/;
const LOOKBACK_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Tags as people type them.
 * @throws RangeError that says what cannot be understood.
 */
export function parseTags(text: string): [key: string, value: string][] {
  const tags: [string, string][] = [];
  const trimmed = text.trim();
  TAG.lastIndex = 0;
  let at = 0;
  while (at < trimmed.length) {
    const match = TAG.exec(trimmed);
    if (!match) throw new RangeError(`tags: expected key=value at '${trimmed.slice(at, at + 20)}'`);
    const [, key = '', quoted, plain = ''] = match;
    tags.push([key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain]);
    at = TAG.lastIndex;
  }
  return tags;
}

/** A lookback in milliseconds; undefined when it is none. */
export function lookbackMs(text: string): number | undefined {
  const [, count = '', unit = ''] = LOOKBACK.exec(text) ?? [];
  const ms = Number(count) * (LOOKBACK_MS[unit] ?? 0);
  return ms > 0 ? ms : undefined;
}

/**
 * The parameters of Jaeger's `GET /api/v3/trace-summaries`. The service of an origin is asked for
 * as one with errors; whether they began there is seen in the traces.
 * @throws RangeError that says which field cannot be understood.
 */
export function searchParams(search: Search, nowMs: number): URLSearchParams {
  const window = lookbackMs(search.lookback);
  if (window === undefined) throw new RangeError(`lookback: expected such as 15m`);
  const { service, operation, minDuration, maxDuration, errors, origin, version, limit } = search;
  const attributes = Object.fromEntries([
    ...parseTags(search.tags),
    ...(errors === 'only' || origin !== '' ? [['error', 'true'] as const] : []),
    ...(version === '' ? [] : [['service.version', version] as const]),
  ]);
  const params = {
    'query.serviceName': origin === '' ? service : origin,
    'query.operationName': operation,
    'query.startTimeMin': new Date(nowMs - window).toISOString(),
    'query.startTimeMax': new Date(nowMs).toISOString(),
    'query.durationMin': durationOf(minDuration, 'shortest'),
    'query.durationMax': durationOf(maxDuration, 'longest'),
    'query.attributes': Object.keys(attributes).length === 0 ? '' : JSON.stringify(attributes),
    'query.searchDepth': /^[1-9]\d{0,3}$/.test(limit) ? limit : anySearch.limit,
  };
  return new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ''));
}

function durationOf(text: string, field: string): string {
  const trimmed = text.replaceAll(' ', '');
  if (trimmed === '' || DURATION.test(trimmed)) return trimmed;
  throw new RangeError(`${field}: '${text.slice(0, 20)}' is no duration; expected such as 250ms`);
}
