import type {
  ProxySnapshot,
  WireBackend,
  WireEndpoint,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';
import { Balancer, Endpoint } from './balancer.ts';
import type { Deps } from './deps.ts';
import type { Handler } from './layer.ts';
import { ExchangeSeries } from './metrics/http.ts';
import { backendLabels, parentLabels } from './metrics/route.ts';
import { addressText } from './net/address.ts';
import { Pool } from './net/pool.ts';
import { backendStack, endpointStack } from './outbound.ts';
import { RequestQueue } from './request-queue.ts';

type ServiceTarget = Extract<WireBackend['target'], { kind: 'service' }>;

/** A backend as one parent Service sees it: it outlives snapshots, with all it knows of its endpoints. */
export type BackendState = {
  readonly name: string;
  readonly balancer: Balancer;
  readonly waiting: RequestQueue;
  readonly handler: Handler;
};

type Kept = BackendState & { readonly parent: WireServicePort; readonly target: ServiceTarget };

/** Balancers and connection pools across snapshots; what a snapshot no longer names is closed. */
export class Backends {
  readonly #deps: Deps;
  readonly #kept = new Map<string, Kept>();
  readonly #pools = new Map<string, Pool>();
  #endpoints: ProxySnapshot['endpoints'] = {};
  #used = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Begins a snapshot: then `take` what its routes use, then `finish`. */
  begin(endpoints: ProxySnapshot['endpoints']): void {
    this.#endpoints = endpoints;
    this.#used = new Set();
  }

  take(parent: WireServicePort, target: ServiceTarget): BackendState {
    const { accrual, penalizeFailures, protocol } = parent;
    const policy = JSON.stringify([accrual, penalizeFailures, protocol]);
    const key = `${nameOf(parent)} ${nameOf(target)} ${policy}`;
    let kept = this.#kept.get(key);
    if (!kept) {
      kept = this.#make(parent, target);
      this.#kept.set(key, kept);
    }
    if (!this.#used.has(key)) this.#update(kept);
    this.#used.add(key);
    return kept;
  }

  finish(): void {
    for (const [key, { balancer, parent, target }] of this.#kept) {
      if (this.#used.has(key)) continue;
      balancer.replace([]);
      for (const state of ['ready', 'pending']) this.#forgetGauge(state, parent, target);
      this.#kept.delete(key);
    }
    const pools = new Set(
      [...this.list()].flatMap(({ balancer }) => balancer.endpoints.map(({ pool }) => pool)),
    );
    for (const [key, pool] of this.#pools) {
      if (pools.has(pool)) continue;
      pool.close();
      this.#pools.delete(key);
    }
  }

  list(): Iterable<BackendState> {
    return this.#kept.values();
  }

  sweep(nowMs: number): void {
    for (const pool of this.#pools.values()) pool.sweep(nowMs);
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }

  #make(parent: WireServicePort, target: ServiceTarget): Kept {
    const { clock, limits } = this.#deps;
    const balancer = new Balancer();
    const waiting = new RequestQueue({ balancer, clock, limits });
    const { penalizeFailures } = parent;
    const handler = backendStack({ balancer, waiting, penalizeFailures }, this.#deps);
    const kept = {
      name: `Service.${target.namespace}.${target.name}:${target.port}`,
      parent,
      target,
      balancer,
      waiting,
      handler,
    };
    this.#showGauges(kept);
    return kept;
  }

  #update({ parent, target, balancer, waiting }: Kept): void {
    const known = new Map(
      balancer.endpoints.map((endpoint) => [identityOf(endpoint.wire), endpoint]),
    );
    const wires = this.#endpoints[`${target.namespace}/${target.name}:${target.port}`] ?? [];
    balancer.replace(
      wires.map(
        (wire) => known.get(identityOf(wire)) ?? this.#endpoint(wire, { parent, target, waiting }),
      ),
    );
  }

  #endpoint(
    wire: WireEndpoint,
    of: { parent: WireServicePort; target: ServiceTarget; waiting: RequestQueue },
  ): Endpoint {
    const endpoint = new Endpoint({
      key: addressText(wire.socket),
      wire,
      pool: this.#pool(wire),
      accrual: of.parent.accrual,
      nowMs: this.#deps.clock.monotonic(),
    });
    const series =
      of.parent.protocol === 'opaque'
        ? undefined
        : new ExchangeSeries(this.#deps.registry, endpointLabels(wire, of.target));
    endpoint.handler = endpointStack({ endpoint, waiting: of.waiting, series }, this.#deps);
    return endpoint;
  }

  #pool(wire: WireEndpoint): Pool {
    const key = `${addressText(wire.socket)} ${wire.identity ?? ''}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const { clock, random, credentials, limits } = this.#deps;
      pool = new Pool({
        address: wire.socket,
        identity: wire.identity,
        credentials,
        clock,
        random,
        connectMs: limits.outboundConnectMs,
        idleMs: wire.identity === undefined ? limits.plainIdleMs : limits.meshIdleMs,
        connectionsMax: limits.connectionsMax,
      });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  #showGauges({ parent, target, balancer, waiting }: Omit<Kept, 'handler' | 'name'>): void {
    const { registry, clock } = this.#deps;
    const labels = { ...parentLabels(parent), ...backendLabels(target) };
    const ready = (): number =>
      balancer.endpoints.filter((one) => one.ready(clock.monotonic())).length;
    const name = 'outbound_http_balancer_endpoints';
    const help = 'Endpoints by state; one whose breaker is shut is pending.';
    const gauge = { kind: 'gauge' } as const;
    registry.observed(name, help, {
      ...gauge,
      labels: { endpoint_state: 'ready', ...labels },
      read: ready,
    });
    registry.observed(name, help, {
      ...gauge,
      labels: { endpoint_state: 'pending', ...labels },
      read: () => balancer.endpoints.length - ready(),
    });
    registry.observed(
      'outbound_http_balancer_queue_length',
      'Requests that wait for an endpoint.',
      {
        ...gauge,
        labels,
        read: () => waiting.length,
      },
    );
  }

  #forgetGauge(state: string, parent: WireServicePort, target: ServiceTarget): void {
    const labels = { ...parentLabels(parent), ...backendLabels(target) };
    this.#deps.registry.remove('outbound_http_balancer_endpoints', {
      endpoint_state: state,
      ...labels,
    });
    this.#deps.registry.remove('outbound_http_balancer_queue_length', labels);
  }
}

/** Two entries mean the same endpoint while all that is said about it is the same. */
function identityOf(wire: WireEndpoint): string {
  return JSON.stringify([wire.socket, wire.identity, wire.labels]);
}

function nameOf({
  namespace,
  name,
  port,
}: {
  namespace: string;
  name: string;
  port: number;
}): string {
  return `${namespace}/${name}:${port}`;
}

function endpointLabels({ socket, identity, labels }: WireEndpoint, target: ServiceTarget) {
  const tcp = 'path' in socket ? { host: '', port: 0 } : socket;
  return {
    direction: 'outbound',
    authority: `${target.name}.${target.namespace}.svc.cluster.local:${target.port}`,
    target_addr: addressText(socket),
    target_ip: tcp.host,
    target_port: tcp.port,
    ...(identity === undefined
      ? { tls: 'no_identity', no_tls_reason: 'not_provided_by_service_discovery' }
      : { tls: 'true', server_id: identity }),
    dst_namespace: target.namespace,
    dst_service: target.name,
    ...labels,
  };
}
