import { LIMIT_MAX, type TraceQuery } from '../search/query.ts';
import { parseBool } from '../search/span-matcher.ts';
import { ParamError, parseDurationUs, parseInteger, parseTimeUs } from './params.ts';
import { limitError, parseTagMap, splitOrigin } from './v1-params.ts';

const LIMIT_DEFAULT = 100;

export type V3Search = { readonly query: TraceQuery; readonly raw: boolean };

/**
 * The `query.*` parameters of the third API, in camelCase or the older snake_case, and beyond
 * Jaeger: a repeated `query.serviceName` for any of several, `query.serviceVersion`,
 * `query.spanCountMin`, `query.spanCountMax`, and the attribute `failure.origin`.
 * @throws ParamError naming the parameter that is wrong.
 */
export function parseV3Search(params: URLSearchParams): V3Search {
  if ((params.get('query.filter') ?? '') !== '') {
    throw new ParamError('the structured query filter is disabled');
  }
  const [startMinUs, startMaxUs] = timesOf(params);
  const limit = read(params, DEPTH, parseInteger) ?? LIMIT_DEFAULT;
  if (limit <= 0 || limit > LIMIT_MAX) throw limitError();
  const attributes = params.get('query.attributes') ?? '';
  const tags = attributes === '' ? [] : attributesOf(attributes);
  return {
    query: {
      services: servicesOf(params),
      operation: find(params, ['query.operationName', 'query.operation_name']).text,
      version: find(params, ['query.serviceVersion']).text,
      startMinUs,
      startMaxUs,
      durationMinUs:
        read(params, ['query.durationMin', 'query.duration_min'], parseDurationUs) ?? 0,
      durationMaxUs:
        // 0 is Go's "not set".
        read(params, ['query.durationMax', 'query.duration_max'], parseDurationUs) || Infinity,
      ...splitOrigin(tags),
      spansMin: read(params, ['query.spanCountMin'], parseInteger) ?? 0,
      spansMax: read(params, ['query.spanCountMax'], parseInteger) ?? Infinity,
      limit,
    },
    raw: read(params, ['query.rawTraces', 'query.raw_traces'], parseBool) ?? false,
  };
}

const DEPTH = ['query.searchDepth', 'query.search_depth', 'query.num_traces'];
const TIME_MIN = ['query.startTimeMin', 'query.start_time_min'];
const TIME_MAX = ['query.startTimeMax', 'query.start_time_max'];

/**
 * The first of these parameters that is there, read by `parse`; undefined when none is.
 * @throws ParamError when it cannot be read.
 */
export function read<T>(
  params: URLSearchParams,
  names: readonly string[],
  parse: (text: string) => T | undefined,
): T | undefined {
  const { name, text } = find(params, names);
  if (text === '') return undefined;
  const value = parse(text);
  if (value !== undefined) return value;
  throw new ParamError(`malformed parameter ${name}: cannot parse '${text.slice(0, 64)}'`);
}

function find(params: URLSearchParams, names: readonly string[]): { name: string; text: string } {
  const name = names.find((one) => (params.get(one) ?? '') !== '') ?? '';
  return { name, text: params.get(name) ?? '' };
}

function servicesOf(params: URLSearchParams): string[] {
  const names = ['query.serviceName', 'query.service_name'];
  return names.flatMap((name) => params.getAll(name)).filter((service) => service !== '');
}

function timesOf(params: URLSearchParams): [minUs: number, maxUs: number] {
  const minUs = read(params, TIME_MIN, parseTimeUs);
  const maxUs = read(params, TIME_MAX, parseTimeUs);
  const [min, max] = ['query.startTimeMin', 'query.startTimeMax'];
  if (minUs === undefined || maxUs === undefined) {
    throw new ParamError(`${min} and ${max} are required`);
  }
  if (minUs >= maxUs) throw new ParamError(`${min} must be before ${max}`);
  return [minUs, maxUs];
}

function attributesOf(json: string): (readonly [string, string])[] {
  try {
    return parseTagMap(json, 'query.attributes');
  } catch (error) {
    if (!(error instanceof ParamError)) throw error;
    throw new ParamError('malformed parameter query.attributes: expected a JSON map of strings');
  }
}
