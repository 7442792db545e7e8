import { LIMIT_MAX, type TraceQuery } from '../search/query.ts';
import { parseBool } from '../search/span-matcher.ts';
import { ParamError, parseDurationUs, parseInteger, parseTraceIdParam } from './params.ts';

const DAY_US = 86_400e6;
const LOOKBACK_US = 2 * DAY_US;
const LIMIT_DEFAULT = 100;

export type V1Search = {
  readonly query: TraceQuery;
  /** When there are some, nothing else is looked for. */
  readonly traceIds: readonly string[];
  readonly raw: boolean;
};

/**
 * `GET /api/traces`: service (repeat), operation, start and end (µs), limit, minDuration and
 * maxDuration (Go), tag `k:v` (repeat), tags (JSON, repeat), traceID (repeat), raw; and, beyond
 * Jaeger, version, minSpans, maxSpans, and the tag `failure.origin`.
 * @throws ParamError naming the parameter that is wrong.
 */
export function parseV1Search(params: URLSearchParams, nowUs: number): V1Search {
  const durationMinUs = durationOf(params, 'minDuration', 0);
  const durationMaxUs = durationOf(params, 'maxDuration', 0);
  if (durationMaxUs !== 0 && durationMaxUs < durationMinUs) {
    throw new ParamError("'maxDuration' should be greater than 'minDuration'");
  }
  const limit = integerOf(params, 'limit', LIMIT_DEFAULT);
  if (limit <= 0 || limit > LIMIT_MAX) throw limitError();
  return {
    query: {
      services: params.getAll('service').filter((service) => service !== ''),
      operation: params.get('operation') ?? '',
      version: params.get('version') ?? '',
      startMinUs: integerOf(params, 'start', nowUs - LOOKBACK_US),
      startMaxUs: integerOf(params, 'end', nowUs),
      durationMinUs,
      durationMaxUs: durationMaxUs === 0 ? Infinity : durationMaxUs,
      ...splitOrigin(tagsOf(params)),
      spansMin: integerOf(params, 'minSpans', 0),
      spansMax: integerOf(params, 'maxSpans', Infinity),
      limit,
    },
    traceIds: params.getAll('traceID').map(parseTraceIdParam),
    raw: boolOf(params, 'raw'),
  };
}

/** As Jaeger's memory store words it. */
export function limitError(): ParamError {
  return new ParamError(
    `search depth must be greater than 0 and less than max traces (${LIMIT_MAX})`,
  );
}

/**
 * A whole number, or `fallback` when the parameter is absent or empty.
 * @throws ParamError
 */
export function integerOf(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name) ?? '';
  if (text === '') return fallback;
  const value = parseInteger(text);
  if (value === undefined) throw unparsable(name, text, 'a whole number');
  return value;
}

/**
 * A boolean as Go spells it, false when the parameter is absent or empty.
 * @throws ParamError
 */
export function boolOf(params: URLSearchParams, name: string): boolean {
  const text = params.get(name) ?? '';
  const value = text === '' ? false : parseBool(text);
  if (value === undefined) throw unparsable(name, text, 'true or false');
  return value;
}

/** Jaeger's words for a parameter of its first API that it cannot read. */
export function unparsable(name: string, text: string, expected: string): ParamError {
  const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return new ParamError(`unable to parse param '${name}': '${shown}' is not ${expected}`);
}

function durationOf(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name) ?? '';
  if (text === '') return fallback;
  const value = parseDurationUs(text);
  if (value === undefined) throw unparsable(name, text, 'a duration such as 10ms or 1.5s');
  return value;
}

function tagsOf(params: URLSearchParams): (readonly [string, string])[] {
  const single = params.getAll('tag').map((tag) => {
    const colon = tag.indexOf(':');
    if (colon >= 0) return [tag.slice(0, colon), tag.slice(colon + 1)] as const;
    const shown = tag.slice(0, 64);
    throw new ParamError(`malformed 'tag' parameter, expecting key:value, received: ${shown}`);
  });
  const maps = params.getAll('tags').flatMap((json) => parseTagMap(json, "'tags'"));
  return [...single, ...maps];
}

/** Tags are what every client lets people type: so is what Jaeger knows no parameter for. */
const ORIGIN_TAG = 'failure.origin';

/** Takes the tag `failure.origin` out of the others: it is about the whole trace. */
export function splitOrigin(
  all: readonly (readonly [string, string])[],
): Pick<TraceQuery, 'tags' | 'origin'> {
  const [, origin = ''] = all.find(([key]) => key === ORIGIN_TAG) ?? [];
  return { tags: all.filter(([key]) => key !== ORIGIN_TAG), origin };
}

/**
 * A JSON object of strings as tags.
 * @throws ParamError naming the parameter as `what`.
 */
export function parseTagMap(json: string, what: string): (readonly [string, string])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ParamError(`malformed ${what} parameter, cannot unmarshal JSON: ${reason}`);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    const entries: [string, unknown][] = Object.entries(parsed);
    const tags = entries.flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value] as const] : [],
    );
    if (tags.length === entries.length) return tags;
  }
  const expected = 'expected an object of strings';
  throw new ParamError(`malformed ${what} parameter, cannot unmarshal JSON: ${expected}`);
}
