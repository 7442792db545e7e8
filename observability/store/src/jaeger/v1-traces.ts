import { indentOf } from '../http/respond.ts';
import type { Exchange } from '../http/router.ts';
import { findTraces } from '../search/search.ts';
import type { TraceRef } from '../storage/trace-store.ts';
import { adjust } from './adjust.ts';
import type { ApiDeps } from './api.ts';
import { parseTraceIdParam } from './params.ts';
import { loadTrace } from './stored-trace.ts';
import { sendV1, sendV1Error, streamV1, type V1Error } from './v1-envelope.ts';
import { v1Trace } from './v1-model.ts';
import { boolOf, integerOf, parseV1Search } from './v1-params.ts';

const NOT_FOUND = 'trace not found';

/** `GET /api/traces` */
export async function search(deps: ApiDeps, exchange: Exchange): Promise<void> {
  const { query, traceIds, raw } = parseV1Search(exchange.query, deps.clock.now() * 1_000);
  if (traceIds.length === 0) {
    const refs = await findTraces(deps, query, (ref) => ref);
    await answer(deps, exchange, { refs, raw, errors: [] });
    return;
  }
  const ids = [...new Set(traceIds)];
  const refs = ids.flatMap((id) => deps.store.lookUp(id) ?? []);
  const missing = ids.filter((id) => !deps.store.lookUp(id));
  const errors = missing.map((traceID) => ({ msg: NOT_FOUND, traceID }));
  await answer(deps, exchange, { refs, raw, errors });
}

/** `GET /api/traces/:id` */
export async function getTrace(deps: ApiDeps, exchange: Exchange): Promise<void> {
  const { ref, raw } = wanted(deps, exchange);
  if (ref) await answer(deps, exchange, { refs: [ref], raw, errors: [], total: 0 });
  else sendV1Error(exchange, 404, NOT_FOUND);
}

/** `POST /api/archive/:id` */
export function archiveTrace(deps: ApiDeps, exchange: Exchange): void {
  exchange.req.resume();
  const { ref } = wanted(deps, exchange);
  if (!ref) sendV1Error(exchange, 404, NOT_FOUND);
  else if (deps.store.archive(ref)) sendV1(exchange, [], { errors: [] });
  else sendV1Error(exchange, 500, 'the archive is full');
}

function wanted({ store }: ApiDeps, { params, query }: Exchange) {
  const id = parseTraceIdParam(params['id'] ?? '');
  // A trace is found whenever it was, but what makes no sense is still an error.
  integerOf(query, 'start', 0);
  integerOf(query, 'end', 0);
  return { ref: store.lookUp(id), raw: boolOf(query, 'raw') };
}

async function answer(
  { store }: ApiDeps,
  exchange: Exchange,
  of: { refs: readonly TraceRef[]; raw: boolean; errors: readonly V1Error[]; total?: number },
): Promise<void> {
  const { refs, raw, errors, total = refs.length } = of;
  const indent = indentOf(exchange.query);
  const traces = function* () {
    for (const ref of refs) {
      const spans = loadTrace(store, ref);
      const [first] = spans;
      // It may have been evicted since it was found.
      if (first) yield v1Trace(first.traceId, raw ? spans : adjust(spans), indent);
    }
  };
  await streamV1(exchange, traces(), { total, errors });
}
