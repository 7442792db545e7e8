import type { WireEgress } from '@faultline/mesh-core/snapshot';
import type { Deps } from './deps.ts';
import { Egress, type TcpAddress } from './egress.ts';
import { ProxyError } from './errors.ts';
import { splitAuthority } from './http/target.ts';
import { acquire, exchange } from './layers/acquire.ts';
import { exchangeMetrics } from './layers/exchange-metrics.ts';
import { type Handler, stack } from './layer.ts';
import { ExchangeSeries } from './metrics/http.ts';
import { type Address, addressText } from './net/address.ts';
import { Pool } from './net/pool.ts';
import { resolveHost } from './net/resolve.ts';
import type { Request, Response } from './request.ts';

const HOSTS_MAX = 100;

/** Plain HTTP to hosts that are no Services: passed on as it is, where EgressNetworks let it. */
export class External {
  readonly #deps: Deps;
  readonly #egress: Egress;
  readonly #hosts = new Map<string, { pool: Pool; handler: Handler }>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#egress = new Egress(resolveHost);
  }

  readonly handler: Handler = (request) => {
    request.decision.service = 'egress-fallback';
    if (this.#egress.isOpen) {
      return this.#to(splitAuthority(request.destination))(request);
    }
    return this.#guarded(request);
  };

  /** Where a tunnel to `authority` may go; undefined when it may not. */
  tunnelTo(authority: string): Promise<Address | undefined> {
    return this.#egress.isOpen
      ? Promise.resolve(splitAuthority(authority))
      : this.#egress.admit(splitAuthority(authority));
  }

  /** Says what may be called from now on. */
  apply(networks: readonly WireEgress[]): void {
    this.#egress.apply(networks);
  }

  async #guarded(request: Request): Promise<Response> {
    const address = await this.#egress.admit(splitAuthority(request.destination), request);
    if (!address) throw new ProxyError('egress-denied', 'traffic not allowed');
    return this.#to(address)(request);
  }

  #to(address: TcpAddress): Handler {
    const key = addressText(address);
    let host = this.#hosts.get(key);
    if (!host) {
      host = this.#open(address);
      const [oldest] = this.#hosts;
      if (oldest && this.#hosts.size >= HOSTS_MAX) {
        oldest[1].pool.close();
        this.#hosts.delete(oldest[0]);
      }
      this.#hosts.set(key, host);
    }
    return host.handler;
  }

  sweep(nowMs: number): void {
    for (const { pool } of this.#hosts.values()) pool.sweep(nowMs);
  }

  close(): void {
    for (const { pool } of this.#hosts.values()) pool.close();
  }

  #open(address: Address): { pool: Pool; handler: Handler } {
    const { clock, random, credentials, limits, registry } = this.#deps;
    const pool = new Pool({
      address,
      credentials,
      clock,
      random,
      connectMs: limits.outboundConnectMs,
      idleMs: limits.plainIdleMs,
      connectionsMax: limits.connectionsMax,
    });
    // One series for the outside altogether: its names are chosen by the app's users.
    const series = new ExchangeSeries(registry, {
      direction: 'outbound',
      authority: '',
      parent_kind: 'default',
      parent_name: 'egress-fallback',
      tls: 'no_identity',
      no_tls_reason: 'not_provided_by_service_discovery',
    });
    return {
      pool,
      handler: stack([acquire(pool), exchangeMetrics(() => series, clock)], exchange),
    };
  }
}
