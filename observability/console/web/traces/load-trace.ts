import { CallError, getJson } from '../core/api.ts';
import { readTraces } from './model/read-trace.ts';
import type { Trace } from './model/span.ts';

const HEX_ID = /^[0-9a-f]{1,32}$/i;

/**
 * Reads one trace.
 * @throws CallError 404 when it is not, or no longer, kept.
 */
export async function loadTrace(id: string, signal: AbortSignal): Promise<Trace> {
  if (!HEX_ID.test(id)) {
    throw new RangeError(`'${id.slice(0, 40)}' is no trace id: expected up to 32 hex digits`);
  }
  const [trace] = readTraces(await getJson<unknown>(`/api/traces/${id}`, { signal }));
  if (trace === undefined) throw new CallError(404, 'trace not found');
  return trace;
}
