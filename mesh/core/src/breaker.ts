import { type Backoff, backoffMs } from './backoff.ts';
import { isFailure, isThrottled, type Outcome } from './classify.ts';
import type { Random } from './random.ts';
import { SuccessWindow } from './success-window.ts';

/** When an endpoint is taken out. `unified` adds a success rate to the run of failures. */
export type Accrual = {
  /** Failures in a row that trip; 0 switches the run off (unified only). */
  readonly maxFailures: number;
  readonly backoff: Backoff;
  readonly successRate?: {
    readonly threshold: number;
    readonly windowMs: number;
    readonly minRequests: number;
  };
};

/**
 * Open lets requests through (linkerd's sense of an open gate: closed circuit elsewhere), shut lets
 * none, probation lets exactly one, whose outcome decides.
 */
export type BreakerState =
  | { readonly kind: 'open' }
  | { readonly kind: 'shut'; readonly untilMs: number; readonly trips: number }
  | { readonly kind: 'probation'; readonly trips: number; readonly probing: boolean };

/** A permission to send; its `epoch` tells a late outcome from a timely one. */
export type Permit = { readonly epoch: number };

/**
 * One endpoint's circuit breaker, for one client. Mechanism and judgement in one place because the
 * judgement is two counters; time and chance are arguments. After a trip it stays shut for a growing
 * penalty, then one real request probes: success opens and forgets, failure shuts for longer.
 * Outcomes of requests sent before a trip are ignored.
 */
export class Breaker {
  readonly #accrual: Accrual;
  readonly #window: SuccessWindow | undefined;
  #state: BreakerState = { kind: 'open' };
  #failures = 0;
  #epoch = 0;

  constructor(accrual: Accrual) {
    this.#accrual = accrual;
    this.#window = accrual.successRate && new SuccessWindow(accrual.successRate.windowMs);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a request may be sent now; moves from shut to probation when the penalty is over. */
  ready(nowMs: number): boolean {
    if (this.#state.kind === 'shut' && nowMs >= this.#state.untilMs) {
      this.#state = { kind: 'probation', trips: this.#state.trips, probing: false };
    }
    return (
      this.#state.kind === 'open' || (this.#state.kind === 'probation' && !this.#state.probing)
    );
  }

  /** Takes the permission to send; call it only when `ready`. */
  acquire(): Permit {
    if (this.#state.kind === 'probation') this.#state = { ...this.#state, probing: true };
    return { epoch: this.#epoch };
  }

  /** Gives a permission back unused: nothing was sent, nothing is learnt. */
  cancel(permit: Permit): void {
    if (permit.epoch === this.#epoch && this.#state.kind === 'probation') {
      this.#state = { ...this.#state, probing: false };
    }
  }

  /** Notes what became of a request that was sent with `permit`. */
  record(permit: Permit, outcome: Outcome, now: { nowMs: number; random: Random }): void {
    if (permit.epoch !== this.#epoch) return;
    if (this.#state.kind === 'probation') this.#judgeProbe(this.#state.trips, outcome, now);
    else if (this.#state.kind === 'open') this.#judge(outcome, now);
  }

  #judge(outcome: Outcome, now: { nowMs: number; random: Random }): void {
    this.#failures = isFailure(outcome) ? this.#failures + 1 : 0;
    this.#window?.add(!isFailure(outcome) && !isThrottled(outcome), now.nowMs);
    const { maxFailures } = this.#accrual;
    if ((maxFailures > 0 && this.#failures >= maxFailures) || this.#rateTooLow(now.nowMs))
      this.#shut(0, now);
  }

  #rateTooLow(nowMs: number): boolean {
    const wanted = this.#accrual.successRate;
    const seen = this.#window?.read(nowMs);
    return (
      wanted !== undefined &&
      seen !== undefined &&
      seen.samples >= wanted.minRequests &&
      seen.ratio < wanted.threshold
    );
  }

  #judgeProbe(trips: number, outcome: Outcome, now: { nowMs: number; random: Random }): void {
    const throttled = this.#accrual.successRate !== undefined && isThrottled(outcome);
    if (isFailure(outcome) || throttled) {
      this.#shut(trips + 1, now);
      return;
    }
    this.#state = { kind: 'open' };
    this.#failures = 0;
    this.#epoch++;
    this.#window?.clear();
  }

  #shut(trips: number, { nowMs, random }: { nowMs: number; random: Random }): void {
    this.#state = {
      kind: 'shut',
      untilMs: nowMs + backoffMs(this.#accrual.backoff, trips, random),
      trips,
    };
    this.#failures = 0;
    this.#epoch++;
    this.#window?.clear();
  }
}
