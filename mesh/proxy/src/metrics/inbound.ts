import type { ObjectRef, WireServer } from '@faultline/mesh-core/snapshot';
import type { Request } from '../request.ts';
import { ExchangeSeries } from './http.ts';
import type { Labels, Registry, Series } from './registry.ts';

type Granted = { readonly exchange: ExchangeSeries; readonly allowed: Series };

const CLIENTS_MAX = 1_000;

/** The inbound series of one route of one port, by client and by the policy that let it in. */
export class InboundSeries {
  readonly #registry: Registry;
  readonly #labels: Labels;
  readonly #granted = new Map<string, Granted>();

  constructor(registry: Registry, server: WireServer, route: ObjectRef) {
    this.#registry = registry;
    this.#labels = {
      direction: 'inbound',
      target_addr: `127.0.0.1:${server.port}`,
      target_ip: '127.0.0.1',
      target_port: server.port,
      srv_group: server.ref.group,
      srv_kind: server.ref.kind,
      srv_name: server.ref.name,
      srv_port: server.port,
      route_group: route.group,
      route_kind: route.kind,
      route_name: route.name,
    };
  }

  of({ client, grantedBy }: Request): Granted {
    const key = `${client.identity ?? ''} ${grantedBy?.kind} ${grantedBy?.name}`;
    let granted = this.#granted.get(key);
    if (!granted) {
      const labels = {
        ...this.#labels,
        ...tlsLabels(client.identity),
        authz_group: grantedBy?.group,
        authz_kind: grantedBy?.kind,
        authz_name: grantedBy?.name,
      };
      granted = {
        exchange: new ExchangeSeries(this.#registry, labels),
        allowed: this.#policy('authz_allow', labels),
      };
      if (this.#granted.size >= CLIENTS_MAX) this.#granted.clear();
      this.#granted.set(key, granted);
    }
    return granted;
  }

  denied(identity: string | undefined): Series {
    return this.#policy('authz_deny', { ...this.#labels, ...tlsLabels(identity) });
  }

  limited(scope: string): Series {
    return this.#policy('local_ratelimit', { ...this.#labels, scope });
  }

  get notFound(): Series {
    return this.#policy('route_not_found', this.#labels);
  }

  #policy(what: string, labels: Labels): Series {
    return this.#registry.counter(
      `inbound_http_${what}_total`,
      'Decisions of inbound policy.',
      labels,
    );
  }
}

function tlsLabels(identity: string | undefined): Labels {
  return identity === undefined
    ? { tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' }
    : { tls: 'true', client_id: identity };
}
