import { sendJson } from '../http/respond.ts';
import type { Exchange } from '../http/router.ts';
import { findDependencies } from '../search/dependencies.ts';
import type { ApiDeps } from './api.ts';
import { sendV1 } from './v1-envelope.ts';
import { integerOf } from './v1-params.ts';

const LOOKBACK_MS = 24 * 3_600_000;

/** `GET /api/dependencies` */
export async function dependencies(deps: ApiDeps, exchange: Exchange): Promise<void> {
  const endMs = integerOf(exchange.query, 'endTs', deps.clock.now());
  const lookbackMs = integerOf(exchange.query, 'lookback', LOOKBACK_MS);
  const service = exchange.query.get('service') ?? '';
  const window = { afterUs: (endMs - lookbackMs) * 1_000, beforeUs: endMs * 1_000 };
  const all = await findDependencies(deps, window);
  const isWanted = ({ parent, child }: { parent: string; child: string }) =>
    service === '' || parent === service || child === service;
  sendV1(exchange, all.filter(isWanted));
}

/**
 * `GET /api/quality-metrics`: the page's shape with nothing in it. Open-source Jaeger answers with
 * invented samples here.
 */
export function qualityMetrics(exchange: Exchange): void {
  const nothing = { scores: [], metrics: [], clients: [] };
  sendJson(exchange, 200, { traceQualityDocumentationLink: '', ...nothing });
}
