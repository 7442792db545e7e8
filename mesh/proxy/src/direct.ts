import type { WireEndpoint } from '@faultline/mesh-core/snapshot';
import type { Deps } from './deps.ts';
import { acquire, exchange } from './layers/acquire.ts';
import { exchangeMetrics } from './layers/exchange-metrics.ts';
import { trace } from './layers/trace.ts';
import { type Handler, stack } from './layer.ts';
import { endpointLabels } from './metrics/endpoint-labels.ts';
import { ExchangeSeries } from './metrics/http.ts';
import type { Pool } from './net/pool.ts';

/** A pod that was called by its address: mTLS and counters, no routes, retries, breaker or balancer. */
export function directStack(wire: WireEndpoint, pool: Pool, deps: Deps): Handler {
  const labels = { direction: 'outbound', ...endpointLabels(wire) };
  const series = new ExchangeSeries(deps.registry, labels);
  return stack(
    [acquire(pool), exchangeMetrics(() => series, deps.clock), trace(deps.tracer, 'client')],
    exchange,
  );
}
