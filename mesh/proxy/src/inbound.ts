import type { LocalRateLimit } from '@faultline/mesh-core/rate-limit';
import type {
  ObjectRef,
  ProxySnapshot,
  WireAuthorization,
  WireServer,
} from '@faultline/mesh-core/snapshot';
import type { Deps } from './deps.ts';
import { acquire, exchange } from './layers/acquire.ts';
import { authorize } from './layers/authorize.ts';
import { clientId } from './layers/client-id.ts';
import { concurrencyLimit } from './layers/concurrency-limit.ts';
import { errorMetrics } from './layers/error-metrics.ts';
import { exchangeMetrics } from './layers/exchange-metrics.ts';
import { faults } from './layers/faults.ts';
import { httpMetrics } from './layers/http-metrics.ts';
import { rateLimit } from './layers/rate-limit.ts';
import { remember } from './layers/remember.ts';
import { rescue } from './layers/rescue.ts';
import { routeMatch } from './layers/route-match.ts';
import { trace } from './layers/trace.ts';
import { type Handler, stack } from './layer.ts';
import { InboundSeries, serverLabels, targetLabels } from './metrics/inbound.ts';
import type { Pool } from './net/pool.ts';
import type { Request } from './request.ts';
import { compileRoutes } from './routes.ts';

// The inbound side, outside in.

/** What a port without a Server, and a Server without routes, are called in labels. */
const DEFAULT: ObjectRef = { group: '', kind: 'default', namespace: '', name: 'default' };

/** Where instances tell their metrics. */
const METRICS = '/metrics';

/** Around every request to one port of the instance, whatever its route. */
export function portStack(
  deps: Deps,
  policy: Handler,
  server: () => WireServer | undefined,
): Handler {
  return stack(
    [
      // Outermost, so that its span covers the whole stay in the proxy.
      trace(deps.tracer, 'server'),
      // Sees the final answer, made here or received.
      remember(deps.decisions, deps.clock),
      // Everything further in may fail; nothing further out has to know how.
      rescue('inbound'),
      // Inside rescue: counts errors, not the replies they become.
      errorMetrics({
        name: 'inbound_http_errors_total',
        registry: deps.registry,
        labels: () => {
          const at = server();
          return at ? { ...targetLabels(at.port), ...serverLabels(at) } : {};
        },
      }),
      // Before any work is done for a request that will not be served.
      concurrencyLimit(deps.limits.inFlightMax),
    ],
    policy,
  );
}

type Port = {
  readonly server: WireServer;
  readonly app: Pool;
  readonly snapshot: ProxySnapshot;
  /** Its buckets outlive snapshots while its policy stays the same. */
  readonly limit: LocalRateLimit | undefined;
};

/** The Server of a port with its routes and policies, or the defaults where there is no Server. */
export function policyStack(of: Port, deps: Deps): Handler {
  const { server, snapshot } = of;
  const hasRoutes = server.routes.length > 0;
  const routes = compileRoutes(server.routes, (route, _rule, index) => ({
    route: `${route.ref.kind.toLowerCase()}.${route.ref.name}`,
    index,
    handler: grantedStack(
      {
        ...of,
        route: route.ref,
        authorizations: [...server.authorizations, ...route.authorizations],
        probes: [],
      },
      deps,
    ),
  }));
  const fallback = {
    route: `${DEFAULT.kind}.${DEFAULT.name}`,
    index: 0,
    handler: grantedStack(
      {
        ...of,
        route: DEFAULT,
        authorizations: server.authorizations,
        // With routes of its own, probes need a route and a policy as anything else does.
        probes: hasRoutes ? [] : snapshot.probePaths,
      },
      deps,
    ),
  };
  const series = new InboundSeries(deps.registry, server, DEFAULT);
  return routeMatch(routes, fallback, ({ client }) => series.notFound(client.identity).value++);
}

function grantedStack(
  of: Port & {
    route: ObjectRef;
    authorizations: readonly WireAuthorization[];
    probes: readonly string[];
  },
  deps: Deps,
): Handler {
  const series = new InboundSeries(deps.registry, of.server, of.route);
  const { http } = series;
  const { clock } = deps;
  return stack(
    [
      // First of all policies: who may not come in learns nothing further.
      authorize({
        authorizations: of.authorizations,
        isExempt: (request) => isProbe(request, of.probes),
        onAllowed: (request) => series.of(request).allowed.value++,
        onDenied: (request) => series.denied(request.client.identity).value++,
      }),
      // After authorization, so that strangers do not use up what clients are granted.
      rateLimit({
        limit: of.limit,
        clock,
        onLimited: ({ client }, scope) => series.limited(client.identity, scope).value++,
      }),
      // Inside policy: of what is let in.
      httpMetrics(() => http, clock),
      // Inside policy too: its labels say which policy let the request in.
      exchangeMetrics((request) => series.of(request).exchange, clock),
      // Inside metrics, so that an injected failure is seen as the instance's own.
      faults(
        of.snapshot.faults.filter((fault) => fault.at === 'inbound'),
        // Who watches the instance must see what a fault does, and not meet it.
        { ...deps, isExempt: (request) => isProbe(request, [...of.snapshot.probePaths, METRICS]) },
      ),
      // Last, so that nothing but TLS can have a say in it.
      clientId(),
      // The second span of a pass: the call to the app.
      trace(deps.tracer, 'client'),
      // The app refuses: 502; it takes no connection in 100 ms: 504.
      acquire(of.app),
    ],
    exchange,
  );
}

function isProbe({ method, path }: Request, paths: readonly string[]): boolean {
  return method === 'GET' && paths.includes(path);
}

/** What holds for a port without a Server. */
export function defaultServer(port: number, { defaultAuthorizations }: ProxySnapshot): WireServer {
  const name = defaultAuthorizations[0]?.name ?? 'deny';
  return {
    port,
    ref: { ...DEFAULT, name },
    protocol: 'detect',
    authorizations: defaultAuthorizations,
    routes: [],
  };
}
