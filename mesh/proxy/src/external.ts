import type { Deps } from './deps.ts';
import { splitAuthority } from './http/target.ts';
import { acquire, exchange } from './layers/acquire.ts';
import { exchangeMetrics } from './layers/exchange-metrics.ts';
import { type Handler, stack } from './layer.ts';
import { ExchangeSeries } from './metrics/http.ts';
import { Pool } from './net/pool.ts';

const HOSTS_MAX = 100;

/** Plain HTTP to hosts that are no Services: passed on as it is, as without an EgressNetwork. */
export class External {
  readonly #deps: Deps;
  readonly #hosts = new Map<string, { pool: Pool; handler: Handler }>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  readonly handler: Handler = (request) => {
    let host = this.#hosts.get(request.destination);
    if (!host) {
      host = this.#open(request.destination);
      const [oldest] = this.#hosts;
      if (oldest && this.#hosts.size >= HOSTS_MAX) {
        oldest[1].pool.close();
        this.#hosts.delete(oldest[0]);
      }
      this.#hosts.set(request.destination, host);
    }
    request.decision.service = 'egress-fallback';
    return host.handler(request);
  };

  sweep(nowMs: number): void {
    for (const { pool } of this.#hosts.values()) pool.sweep(nowMs);
  }

  close(): void {
    for (const { pool } of this.#hosts.values()) pool.close();
  }

  #open(destination: string): { pool: Pool; handler: Handler } {
    const { clock, random, credentials, limits, registry } = this.#deps;
    const pool = new Pool({
      address: splitAuthority(destination),
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
