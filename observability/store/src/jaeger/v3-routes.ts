import { sendJson, streamJson } from '../http/respond.ts';
import type { Exchange, Handler } from '../http/router.ts';
import { findTraces } from '../search/search.ts';
import { parseBool } from '../search/span-matcher.ts';
import { summarise, type TraceSummary } from '../search/summary.ts';
import type { TraceRef } from '../storage/trace-store.ts';
import { adjust } from './adjust.ts';
import type { ApiDeps } from './api.ts';
import { kindText } from './kinds.ts';
import { ParamError, parseTimeUs, parseTraceIdParam } from './params.ts';
import { loadTrace } from './stored-trace.ts';
import { v3ResourceSpans } from './v3-model.ts';
import { parseV3Search, read } from './v3-params.ts';

/** `GET /api/v3/services` */
export function services({ store }: ApiDeps, exchange: Exchange): void {
  sendJson(exchange, 200, { services: store.names.services() });
}

/** `GET /api/v3/operations` */
export function operations({ store }: ApiDeps, exchange: Exchange): void {
  const { query } = exchange;
  const wanted = query.get('spanKind') || query.get('span_kind') || '';
  const found = store.names
    .operations(query.get('service') ?? '')
    .filter(({ kind }) => wanted === '' || wanted === kindText(kind))
    .map(({ name, kind }) => ({ name, spanKind: kindText(kind) || 'internal' }));
  sendJson(exchange, 200, { operations: found });
}

/** `GET /api/v3/trace-summaries` */
export async function traceSummaries(deps: ApiDeps, exchange: Exchange): Promise<void> {
  const { query } = parseV3Search(exchange.query);
  const summaries = await findTraces(deps, query, (ref) => summarise(deps.store, ref));
  sendJson(exchange, 200, summaries.length === 0 ? {} : { summaries: summaries.map(summaryJson) });
}

/** `GET /api/v3/traces` */
export async function traces(deps: ApiDeps, exchange: Exchange): Promise<void> {
  const { query, raw } = parseV3Search(exchange.query);
  const refs = await findTraces(deps, query, (ref) => ref);
  await answer(deps, exchange, { refs, raw });
}

/** `GET /api/v3/traces/:id` */
export async function trace(deps: ApiDeps, exchange: Exchange): Promise<void> {
  const { query, params } = exchange;
  const id = traceIdOf(params['id'] ?? '');
  read(query, ['startTime', 'start_time'], parseTimeUs);
  read(query, ['endTime', 'end_time'], parseTimeUs);
  const raw = read(query, ['rawTraces', 'raw_traces'], parseBool) ?? false;
  const ref = deps.store.lookUp(id);
  await answer(deps, exchange, { refs: ref ? [ref] : [], raw });
}

/** Turns what makes no sense into an error of this API, which is not the first one's. */
export function withV3Errors(handler: Handler): Handler {
  return async (exchange) => {
    try {
      await handler(exchange);
    } catch (error) {
      if (!(error instanceof ParamError)) throw error;
      sendError(exchange, 400, error.message);
    }
  };
}

function sendError(exchange: Exchange, httpCode: number, message: string): void {
  sendJson(exchange, httpCode, { error: { httpCode, message } });
}

function traceIdOf(text: string): string {
  try {
    return parseTraceIdParam(text);
  } catch (error) {
    if (!(error instanceof ParamError)) throw error;
    throw new ParamError(`malformed parameter trace_id: ${error.message}`);
  }
}

async function answer(
  { store }: ApiDeps,
  exchange: Exchange,
  { refs, raw }: { refs: readonly TraceRef[]; raw: boolean },
): Promise<void> {
  if (refs.length === 0) {
    sendError(exchange, 404, 'No traces found');
    return;
  }
  const pieces = function* () {
    yield '{"result":{"resourceSpans":[';
    let isFirst = true;
    for (const ref of refs) {
      const spans = loadTrace(store, ref);
      if (spans.length === 0) continue;
      if (!isFirst) yield ',';
      isFirst = false;
      yield* v3ResourceSpans(raw ? spans : adjust(spans));
    }
    yield ']}}';
  };
  await streamJson(exchange, pieces());
}

function summaryJson(summary: TraceSummary) {
  return {
    traceId: summary.traceId,
    rootServiceName: summary.rootService,
    rootOperationName: summary.rootOperation,
    minStartTimeUnixNano: summary.startNs.toString(),
    maxEndTimeUnixNano: summary.endNs.toString(),
    spanCount: summary.spans,
    errorSpanCount: summary.errors,
    orphanSpanCount: summary.orphans,
    services: summary.services.map(([name, { spans, errors }]) => ({
      name,
      spanCount: spans,
      errorSpanCount: errors,
    })),
  };
}
