import type {
  ProxySnapshot,
  WireBackend,
  WireEndpoint,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';
import { Balancer, Endpoint } from './balancer.ts';
import type { Deps } from './deps.ts';
import { directStack } from './direct.ts';
import type { Handler } from './layer.ts';
import { BalancerSeries } from './metrics/balancer.ts';
import { endpointLabels } from './metrics/endpoint-labels.ts';
import { ExchangeSeries } from './metrics/http.ts';
import { backendLabels, parentLabels } from './metrics/route.ts';
import { addressText } from './net/address.ts';
import { Pool } from './net/pool.ts';
import type { Carried } from './net/tls.ts';
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

type Kept = BackendState & {
  readonly parent: WireServicePort;
  readonly target: ServiceTarget;
  readonly series: BalancerSeries;
};

type Direct = { readonly pool: Pool; readonly handler: Handler };

/** Balancers and connection pools across snapshots; what a snapshot no longer names is closed. */
export class Backends {
  readonly #deps: Deps;
  readonly #kept = new Map<string, Kept>();
  readonly #pools = new Map<string, Pool>();
  /** Endpoints that were called past their Services. */
  readonly #direct = new Map<string, Direct>();
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
    for (const [key, { balancer, series }] of this.#kept) {
      if (this.#used.has(key)) continue;
      balancer.replace([]);
      series.forget();
      this.#kept.delete(key);
    }
    const pools = new Set(
      [...this.list()].flatMap(({ balancer }) => balancer.endpoints.map(({ pool }) => pool)),
    );
    const known = new Set(Object.values(this.#endpoints).flat().map(identityOf));
    for (const [key, { pool }] of this.#direct) {
      if (known.has(key)) pools.add(pool);
      else this.#direct.delete(key);
    }
    for (const [key, pool] of this.#pools) {
      if (pools.has(pool)) continue;
      pool.close();
      this.#pools.delete(key);
    }
  }

  /** What takes a request to one endpoint and no other. */
  direct(wire: WireEndpoint): Handler {
    const key = identityOf(wire);
    let direct = this.#direct.get(key);
    if (!direct) {
      const pool = this.#pool(wire, 'http');
      direct = { pool, handler: directStack(wire, pool, this.#deps) };
      this.#direct.set(key, direct);
    }
    return direct.handler;
  }

  /** Whether endpoints are told for a Service port, under the key `namespace/name:port`. */
  endpointsOf(key: string): readonly WireEndpoint[] {
    return this.#endpoints[key] ?? [];
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
    const { registry, clock, limits } = this.#deps;
    const { penalizeFailures, protocol } = parent;
    const balancer = new Balancer();
    const series = new BalancerSeries({
      registry,
      labels: { ...parentLabels(parent), ...backendLabels(target) },
      protocol: protocol === 'opaque' ? 'tcp' : 'http',
      clock,
      failFastMs: limits.failFastMs,
    });
    const waiting = new RequestQueue({ balancer, clock, limits, series });
    series.show(balancer, () => waiting.length);
    const handler = backendStack({ balancer, waiting, penalizeFailures }, this.#deps);
    return {
      name: `Service.${target.namespace}.${target.name}:${target.port}`,
      parent,
      target,
      balancer,
      waiting,
      handler,
      series,
    };
  }

  #update({ parent, target, balancer, waiting, series }: Kept): void {
    const known = new Map(
      balancer.endpoints.map((endpoint) => [identityOf(endpoint.wire), endpoint]),
    );
    const wires = this.endpointsOf(nameOf(target));
    const stay = wires.filter((wire) => known.has(identityOf(wire))).length;
    series.updated({ added: wires.length - stay, removed: known.size - stay });
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
    const isOpaque = of.parent.protocol === 'opaque';
    const endpoint = new Endpoint({
      key: addressText(wire.socket),
      wire,
      pool: this.#pool(wire, isOpaque ? 'opaque' : 'http', of.target),
      accrual: of.parent.accrual,
      nowMs: this.#deps.clock.monotonic(),
    });
    const labels = { direction: 'outbound', ...endpointLabels(wire, of.target) };
    const series = isOpaque ? undefined : new ExchangeSeries(this.#deps.registry, labels);
    endpoint.handler = endpointStack({ endpoint, waiting: of.waiting, series }, this.#deps);
    return endpoint;
  }

  #pool(wire: WireEndpoint, carries: Carried, service?: ServiceTarget): Pool {
    const key = `${addressText(wire.socket)} ${wire.identity ?? ''} ${carries}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const { clock, random, credentials, limits, tcp } = this.#deps;
      pool = new Pool({
        carries,
        series: tcp.of({ direction: 'outbound', peer: 'dst', ...endpointLabels(wire, service) }),
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
