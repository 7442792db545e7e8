import type {
  ObjectRef,
  WireFault,
  WireRule,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';
import type { Balancer, Endpoint } from './balancer.ts';
import type { Deps } from './deps.ts';
import { acquire, exchange } from './layers/acquire.ts';
import { balance } from './layers/balance.ts';
import { breakerGate } from './layers/breaker-gate.ts';
import { concurrencyLimit } from './layers/concurrency-limit.ts';
import { errorMetrics } from './layers/error-metrics.ts';
import { exchangeMetrics } from './layers/exchange-metrics.ts';
import { faults } from './layers/faults.ts';
import { headerModifiers } from './layers/filters.ts';
import { httpMetrics } from './layers/http-metrics.ts';
import { queue } from './layers/queue.ts';
import { redirect } from './layers/redirect.ts';
import { remember } from './layers/remember.ts';
import { rescue } from './layers/rescue.ts';
import { retry } from './layers/retry.ts';
import { type Backend, split } from './layers/split.ts';
import { timeouts } from './layers/timeouts.ts';
import { trace } from './layers/trace.ts';
import { type Handler, stack } from './layer.ts';
import type { ExchangeSeries } from './metrics/http.ts';
import { routeBackendSeries, routeSeries } from './metrics/route.ts';
import type { RequestQueue } from './request-queue.ts';

// The outbound side, outside in. Each list is read from top to bottom as a request passes it; what is
// absent (no retries on a route, no breaker) is not in the chain at all.

/** Around every request of the app, whatever it goes to. */
export function clientStack(deps: Deps, services: Handler): Handler {
  return stack(
    [
      // Outermost, so that its span covers the whole stay in the proxy.
      trace(deps.tracer, 'server'),
      // Sees the final answer, made here or received.
      remember(deps.decisions, deps.clock),
      // Everything further in may fail; nothing further out has to know how.
      rescue('outbound'),
      // Inside rescue: counts errors, not the replies they become.
      errorMetrics({
        name: 'outbound_http_errors_total',
        registry: deps.registry,
        labels: () => ({}),
      }),
      // Before any work is done for a request that will not be served.
      concurrencyLimit(deps.limits.inFlightMax),
    ],
    services,
  );
}

/** A rule of a route, or the default route of a Service. */
export function ruleStack(
  of: {
    parent: WireServicePort;
    route: ObjectRef;
    rule: WireRule;
    backends: readonly Backend[];
  },
  deps: Deps,
): Handler {
  const { rule, backends } = of;
  const series = routeSeries(deps.registry, of);
  return stack(
    [
      // Outside retries and timeouts: what the client saw, once.
      httpMetrics(() => series, deps.clock),
      // Outside retries: the time is for all attempts together.
      timeouts(rule.timeouts, deps.clock),
      // Answers instead of asking: nothing to retry, nothing to break.
      redirect(rule),
      // Outside the split: a retry may land on another backend.
      retry({
        policy: rule.retry,
        clock: deps.clock,
        random: deps.random,
        series: series.retries,
        isReady: () => backends.some((backend) => backend.ready),
      }),
      // Inside retries, so that each attempt starts from what the client sent.
      headerModifiers(rule.filters),
    ],
    split(backends, deps.random),
  );
}

/** A backend as one rule uses it; `inner` is what all rules of the parent share. */
export function ruleBackendStack(
  of: {
    parent: WireServicePort;
    route: ObjectRef;
    backend: WireRule['backends'][number];
    faults: readonly WireFault[];
  },
  inner: Handler,
  deps: Deps,
): Handler {
  const { parent, route, backend } = of;
  const series = routeBackendSeries(deps.registry, { parent, route, target: backend.target });
  return stack(
    [
      // Inside retries: every attempt counts, and the difference to the route's count is the retries.
      httpMetrics(() => series, deps.clock),
      // Of this backendRef only.
      headerModifiers(backend.filters),
      // Inside retries and counts: as on a real way, what happens there happens to what was sent.
      faults(of.faults, deps),
    ],
    inner,
  );
}

/** The endpoints behind a backend, as one parent Service sees them. */
export function backendStack(
  of: { balancer: Balancer; waiting: RequestQueue; penalizeFailures: boolean },
  { clock, random }: Deps,
): Handler {
  const { balancer, penalizeFailures } = of;
  return stack(
    [
      // Holds requests while no endpoint is ready, and fails them fast when that lasts.
      queue(of.waiting),
    ],
    // Picks among the ready only: breakers and lost connections need no second code path.
    balance({ balancer, clock, random, penalizeFailures }),
  );
}

/** One endpoint. */
export function endpointStack(
  of: { endpoint: Endpoint; waiting: RequestQueue; series: ExchangeSeries | undefined },
  deps: Deps,
): Handler {
  const { endpoint, series } = of;
  const { clock, random } = deps;
  return stack(
    [
      // Judges every outcome, refused connections of unmeshed endpoints included.
      breakerGate({ endpoint, clock, random, onOutcome: () => of.waiting.notice() }),
      // Before metrics: a request that finds no connection to a peer has not been sent.
      acquire(endpoint.pool),
      // Innermost of the counters: exactly what went over the wire.
      series && exchangeMetrics(() => series, clock),
      // The second span of a pass: the call itself.
      trace(deps.tracer, 'client'),
    ],
    exchange,
  );
}
