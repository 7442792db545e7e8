import { Breaker, type Accrual } from '@faultline/mesh-core/breaker';
import { loadOf, PeakEwma } from '@faultline/mesh-core/ewma';
import type { WireEndpoint } from '@faultline/mesh-core/snapshot';
import type { Handler } from './layer.ts';
import type { Pool } from './net/pool.ts';

const INITIAL_RTT_MS = 30;
const DECAY_MS = 10_000;

/** One endpoint as one parent Service sees it: load and breaker are the parent's own. */
export class Endpoint {
  readonly key: string;
  readonly wire: WireEndpoint;
  readonly pool: Pool;
  readonly breaker: Breaker | undefined;
  readonly rtt: PeakEwma;
  inFlight = 0;
  /** The layers that stand before this endpoint; set once, right after it is made. */
  handler: Handler = unready;

  constructor(options: {
    key: string;
    wire: WireEndpoint;
    pool: Pool;
    accrual: Accrual | undefined;
    nowMs: number;
  }) {
    this.key = options.key;
    this.wire = options.wire;
    this.pool = options.pool;
    this.breaker = options.accrual && new Breaker(options.accrual);
    this.rtt = new PeakEwma({ initialMs: INITIAL_RTT_MS, decayMs: DECAY_MS, nowMs: options.nowMs });
  }

  ready(nowMs: number): boolean {
    return !this.pool.away && (this.breaker?.ready(nowMs) ?? true);
  }

  load(nowMs: number): number {
    return loadOf(this.rtt.at(nowMs), this.inFlight);
  }
}

/** The endpoints of one backend, and who wants to know when one of them may have become ready. */
export class Balancer {
  #endpoints: readonly Endpoint[] = [];
  #ready: Endpoint[] = [];
  #unwatch: (() => void)[] = [];
  /** Called when an endpoint may have become ready. */
  onChange: () => void = () => undefined;

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Takes the new set whole; `endpoints` keeps those that stay, with what is known of them. */
  replace(endpoints: readonly Endpoint[]): void {
    for (const stop of this.#unwatch) stop();
    this.#endpoints = endpoints;
    this.#unwatch = endpoints.map(({ pool }) => pool.watch(() => this.onChange()));
    this.onChange();
  }

  hasReady(nowMs: number): boolean {
    return this.#endpoints.some((endpoint) => endpoint.ready(nowMs));
  }

  /** Those that would take a request; the array is used again by the next call. */
  ready(nowMs: number): readonly Endpoint[] {
    const ready = this.#ready;
    ready.length = 0;
    for (const endpoint of this.#endpoints) if (endpoint.ready(nowMs)) ready.push(endpoint);
    return ready;
  }

  /** When the next breaker lets a probe through; undefined when none is shut. */
  nextProbeMs(): number | undefined {
    let next: number | undefined;
    for (const { breaker } of this.#endpoints) {
      const state = breaker?.state;
      if (state?.kind === 'shut' && (next === undefined || state.untilMs < next)) {
        next = state.untilMs;
      }
    }
    return next;
  }
}

function unready(): Promise<never> {
  return Promise.reject(new Error('use an endpoint before its layers are set'));
}
