import type { ObjectRef, WireServer } from '@faultline/mesh-core/snapshot';
import type { Request } from '../request.ts';
import { frameSizes, type HttpSeries, Statuses } from './families.ts';
import { ExchangeSeries } from './http.ts';
import type { Labels, Registry, Series } from './registry.ts';
import { clientTlsLabels } from './tls-labels.ts';

const REQUEST_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];
const RESPONSE_SECONDS = [0.05, 0.5, 1, 10];
const CLIENTS_MAX = 1_000;

/** Where a request or connection was meant for: the pod's own port. */
export function targetLabels(port: number): Labels {
  return { target_addr: `127.0.0.1:${port}`, target_ip: '127.0.0.1', target_port: port };
}

/** Linkerd's labels write the kinds of policies in small letters, those of routes as they are. */
export function serverLabels({ ref, port }: WireServer): Labels {
  return {
    srv_group: ref.group,
    srv_kind: ref.kind.toLowerCase(),
    srv_name: ref.name,
    srv_port: port,
  };
}

function routeLabels(route: ObjectRef): Labels {
  return { route_group: route.group, route_kind: route.kind, route_name: route.name };
}

export function authzLabels(by: ObjectRef | undefined): Labels {
  return {
    authz_group: by?.group,
    authz_kind: by?.kind.toLowerCase(),
    authz_name: by?.name,
  };
}

type Granted = { readonly exchange: ExchangeSeries; readonly allowed: Series };

/** The inbound series of one route of one port, by client and by the policy that let it in. */
export class InboundSeries {
  readonly #registry: Registry;
  readonly #server: WireServer;
  readonly #route: ObjectRef;
  readonly #granted = new Map<string, Granted>();

  constructor(registry: Registry, server: WireServer, route: ObjectRef) {
    this.#registry = registry;
    this.#server = server;
    this.#route = route;
  }

  of({ client, grantedBy }: Request): Granted {
    const key = `${client.identity ?? ''} ${grantedBy?.kind} ${grantedBy?.name}`;
    let granted = this.#granted.get(key);
    if (!granted) {
      const labels = { ...this.#labels(client.identity), ...authzLabels(grantedBy) };
      granted = {
        exchange: new ExchangeSeries(this.#registry, { direction: 'inbound', ...labels }),
        allowed: this.#policy('authz_allow', labels),
      };
      if (this.#granted.size >= CLIENTS_MAX) this.#granted.clear();
      this.#granted.set(key, granted);
    }
    return granted;
  }

  denied(identity: string | undefined): Series {
    return this.#policy('authz_deny', this.#labels(identity));
  }

  notFound(identity: string | undefined): Series {
    return this.#policy('route_not_found', this.#serverLabels(identity));
  }

  limited(identity: string | undefined, scope: string): Series {
    const ref = this.#server.rateLimit?.ref;
    return this.#policy('local_ratelimit', {
      ...this.#serverLabels(identity),
      ratelimit_group: ref?.group,
      ratelimit_kind: ref?.kind,
      ratelimit_name: ref?.name,
      ratelimit_scope: scope,
    });
  }

  /** `inbound_http_*` of the requests that policy has let in. */
  get http(): HttpSeries {
    const { ref, port } = this.#server;
    const labels = {
      parent_group: ref.group,
      parent_kind: ref.kind.toLowerCase(),
      parent_name: ref.name,
      parent_port: port,
      ...routeLabels(this.#route),
    };
    const name = (what: string) => `inbound_http_${what}`;
    const seconds = (what: string, bounds: readonly number[]) =>
      this.#registry.histogram(name(`${what}_duration_seconds`), 'Seconds.', { labels, bounds });
    return {
      requests: this.#registry.counter(name('requests_total'), 'Requests.', labels),
      statuses: new Statuses(this.#registry, name('statuses_total'), labels),
      requestSeconds: seconds('request', REQUEST_SECONDS),
      responseSeconds: seconds('response', RESPONSE_SECONDS),
      requestFrames: frameSizes(this.#registry, name('request_frame_size_bytes'), labels),
      responseFrames: frameSizes(this.#registry, name('response_frame_size_bytes'), labels),
    };
  }

  #serverLabels(identity: string | undefined): Labels {
    const { port } = this.#server;
    return {
      ...targetLabels(port),
      ...serverLabels(this.#server),
      ...clientTlsLabels(identity),
    };
  }

  #labels(identity: string | undefined): Labels {
    return { ...this.#serverLabels(identity), ...routeLabels(this.#route) };
  }

  #policy(what: string, labels: Labels): Series {
    const help = 'Decisions of inbound policy.';
    return this.#registry.counter(`inbound_http_${what}_total`, help, labels);
  }
}
