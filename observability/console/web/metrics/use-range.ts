import { getPrometheus } from '../core/api.ts';
import { type Asked, useAsked } from '../core/query.ts';
import { atMs } from '../core/url.ts';
import { rangeUntil } from './model/promql.ts';
import { type Lines, type QueryResult, toLines } from './model/series.ts';

export const REFRESH_MS = 5_000;

type Wanted = { readonly query: string; readonly range: string; readonly step?: string };

/** The moment that is looked at, or now. */
function momentMs(): number {
  return atMs.value ?? performance.timeOrigin + performance.now();
}

/** How often to ask again: never for a moment that is past. */
export function refreshMs(): number | undefined {
  return atMs.value === undefined ? REFRESH_MS : undefined;
}

/** A query over the last while, kept up to date; undefined where there is no query. */
export function useLines({ query, range, step = '' }: Wanted): Asked<Lines | undefined> {
  const key = JSON.stringify([query, range, step, atMs.value]);
  return useAsked(
    key,
    async (signal) => {
      if (query === '') return undefined;
      const wanted = rangeUntil(momentMs(), range, step);
      const result = await getPrometheus<QueryResult>('query_range', {
        query: { query, ...wanted },
        signal,
      });
      return toLines(result, wanted);
    },
    refreshMs(),
  );
}

/** What a query says of one moment. */
export async function queryAt(query: string, signal: AbortSignal): Promise<QueryResult> {
  const time = momentMs() / 1_000;
  return getPrometheus<QueryResult>('query', { query: { query, time }, signal });
}
