import { CallError, getJson } from '../core/api.ts';
import { legacyParams, summarise } from './model/legacy-search.ts';
import { readSummaries, type Summary } from './model/summary.ts';

/**
 * Searches for traces, newest first; `params` are those of `searchParams`. Asks Jaeger's newer API,
 * and the older one where there is no other.
 */
export async function findTraces(params: URLSearchParams, signal: AbortSignal): Promise<Summary[]> {
  try {
    return readSummaries(await getJson<unknown>(`/api/v3/trace-summaries?${params}`, { signal }));
  } catch (error) {
    if (!(error instanceof CallError) || error.status !== 404) throw error;
    const found = await getJson<unknown>(`/api/traces?${legacyParams(params)}`, { signal });
    return summarise(found);
  }
}
