import { type GateState, nextGate } from '@faultline/mesh-core/gate';
import type { Balancer } from './balancer.ts';
import type { Clock } from './clock.ts';
import { ProxyError } from './errors.ts';
import type { BalancerSeries } from './metrics/balancer.ts';
import type { Scope } from './scope.ts';

type Waiter = { start(): void; fail(error: Error): void };

export type QueueLimits = { readonly failFastMs: number; readonly queueMax: number };

/** Requests that wait for a backend to have a ready endpoint; see `mesh-core/gate`. */
export class RequestQueue {
  readonly #balancer: Balancer;
  readonly #clock: Clock;
  readonly #limits: QueueLimits;
  readonly #waiting: Waiter[] = [];
  readonly #series: Pick<BalancerSeries, 'entered' | 'left' | 'gate'> | undefined;
  #gate: GateState = { kind: 'ready' };
  #cancelFailFast: (() => void) | undefined;
  #cancelProbe: (() => void) | undefined;

  constructor(options: {
    balancer: Balancer;
    clock: Clock;
    limits: QueueLimits;
    series?: Pick<BalancerSeries, 'entered' | 'left' | 'gate'>;
  }) {
    this.#series = options.series;
    this.#balancer = options.balancer;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#balancer.onChange = () => this.#drain();
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Whether a request would be served or may wait; false while failing fast. */
  get ready(): boolean {
    return this.#look(this.#waiting.length > 0).kind !== 'fail-fast';
  }

  /** Calls `start` when it is this request's turn: at once if an endpoint is ready. */
  enter(scope: Scope, waiter: Waiter): void {
    this.#series?.entered();
    const gate = this.#look(true);
    if (gate.kind === 'ready' && this.#waiting.length === 0) {
      this.#series?.left(0);
      waiter.start();
      return;
    }
    if (gate.kind === 'fail-fast') {
      waiter.fail(new ProxyError('load-shed', 'service unavailable'));
      return;
    }
    if (this.#waiting.length >= this.#limits.queueMax) {
      waiter.fail(new ProxyError('load-shed', 'the queue of the backend is full'));
      return;
    }
    this.#wait(scope, waiter);
  }

  /** Wakes those who wait when a breaker has opened or a probe is due. */
  notice(): void {
    if (this.#waiting.length > 0) this.#drain();
  }

  #wait(scope: Scope, waiter: Waiter): void {
    const leave = (error: Error): void => {
      const index = this.#waiting.indexOf(entry);
      if (index >= 0) this.#waiting.splice(index, 1);
      waiter.fail(error);
    };
    const sinceMs = this.#clock.monotonic();
    const entry: Waiter = {
      start: () => {
        scope.ignore(leave);
        this.#series?.left(this.#clock.monotonic() - sinceMs);
        waiter.start();
      },
      fail(error) {
        scope.ignore(leave);
        waiter.fail(error);
      },
    };
    this.#waiting.push(entry);
    scope.listen(leave);
    this.#cancelFailFast ??= this.#clock.after(this.#limits.failFastMs, () => this.#failFast());
    this.#watchProbe();
  }

  #look(requestWaiting: boolean): GateState {
    const nowMs = this.#clock.monotonic();
    const endpointReady = this.#balancer.hasReady(nowMs);
    const { failFastMs } = this.#limits;
    if (!endpointReady || this.#gate.kind !== 'ready') {
      this.#turn(nextGate(this.#gate, { endpointReady, requestWaiting, nowMs, failFastMs }));
    }
    return this.#gate;
  }

  #turn(gate: GateState): void {
    const [before, after] = [this.#gate, gate].map(({ kind }) => kind === 'fail-fast');
    this.#gate = gate;
    if (before !== after) this.#series?.gate(after ? 'shut' : 'open');
  }

  #drain(): void {
    while (this.#waiting.length > 0 && this.#balancer.hasReady(this.#clock.monotonic())) {
      this.#waiting.shift()?.start();
    }
    if (this.#waiting.length > 0) {
      this.#watchProbe();
      return;
    }
    this.#look(false);
    this.#cancelFailFast?.();
    this.#cancelFailFast = undefined;
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  #watchProbe(): void {
    const atMs = this.#balancer.nextProbeMs();
    if (atMs === undefined || this.#cancelProbe) return;
    this.#cancelProbe = this.#clock.after(Math.max(1, atMs - this.#clock.monotonic()), () => {
      this.#cancelProbe = undefined;
      this.#drain();
    });
  }

  #failFast(): void {
    this.#cancelFailFast = undefined;
    if (this.#balancer.hasReady(this.#clock.monotonic())) {
      this.#drain();
      return;
    }
    this.#turn({ kind: 'fail-fast' });
    for (const waiter of this.#waiting.splice(0)) {
      waiter.fail(new ProxyError('fail-fast', 'service in fail-fast'));
    }
  }
}
