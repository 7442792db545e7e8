import type { CallContext } from '@faultline/chassis/call';
import type { Clock } from '@faultline/chassis/clock';
import type { Logger } from '@faultline/chassis/log';
import { runWithTraceparent, withSpan } from '@faultline/telemetry/spans-api';
import { ATTRIBUTES, SPAN_NAMES } from '@faultline/telemetry/spans';
import { type Neighbours, takeStep } from './calls.ts';
import type { OrdersCrashPoint } from './crash-points.ts';
import type { SagaInput, SagaState, SagaStep } from './machine.ts';
import type { Applied, Saga, SagaStore } from './store.ts';

export type SagaMetrics = {
  step(step: SagaStep, result: 'done' | 'failed' | 'compensated' | 'unknown'): void;
};

export type SagaRunnerOptions = {
  store: SagaStore;
  neighbours: Neighbours;
  clock: Clock;
  log: Logger;
  metrics: SagaMetrics;
  crash?: ((point: OrdersCrashPoint) => void) | undefined;
  /** Sagas taken up in the background at a time. */
  concurrency: number;
  /** Bounds one call to a neighbour; a step makes two at most, well within a lease. */
  callTimeoutMs: number;
  /** How often to look for sagas that became due unnoticed, such as those of a dead process. */
  pollMs: number;
};

/** A request's leave to run one saga. */
export type SagaSlot = {
  /** Works on a saga whose lease is held, for as long as there is something to do at once. */
  start(saga: Saga): void;
  [Symbol.dispose](): void;
};

/** Sagas that requests may have under way in this process; more are left to the background. */
const REQUEST_SAGAS_MAX = 64;
const ALARM_ATTEMPTS = 5;
const BACKOFF_MS_MAX = 5_000;

/**
 * Carries sagas forward, or back, step by step. It holds no state of its own: what it loses in a
 * crash is the lease, and whoever takes that next goes on from the database.
 */
export class SagaRunner {
  readonly #options: SagaRunnerOptions;
  readonly #busy = new Set<Promise<void>>();
  #background = 0;
  #admitted = 0;
  #wake = new AbortController();

  constructor(options: SagaRunnerOptions) {
    this.#options = options;
  }

  /** Lets a request run the saga it is about to begin; undefined when enough do so already. */
  admit(): SagaSlot | undefined {
    if (this.#admitted >= REQUEST_SAGAS_MAX) return undefined;
    this.#admitted++;
    let started = false;
    const leave = () => {
      this.#admitted--;
    };
    return {
      start: (saga) => {
        started = true;
        this.#track(this.#drive(saga).finally(leave));
      },
      [Symbol.dispose]: () => {
        if (!started) leave();
      },
    };
  }

  /** Tells the background that a saga is due now. */
  nudge(): void {
    this.#wake.abort();
  }

  /** Takes up due sagas until `signal` aborts; steps under way are finished first. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, pollMs } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#takeUpDue();
        failures = 0;
      } catch (error) {
        failures++;
        if (failures === 1) log.warn({ err: error }, 'the saga runner could not look for work');
      }
      const pauseMs = Math.min(pollMs * 2 ** Math.min(failures, 10), BACKOFF_MS_MAX);
      await clock.sleep(pauseMs, AbortSignal.any([signal, this.#wake.signal]));
    }
    await Promise.all(this.#busy);
  }

  async #takeUpDue(): Promise<void> {
    const { store, concurrency } = this.#options;
    const room = concurrency - this.#background;
    if (room <= 0) return;
    const sagas = await store.claimDue(room);
    for (const saga of sagas) {
      this.#background++;
      const work = this.#drive(saga).finally(() => {
        this.#background--;
        this.nudge();
      });
      this.#track(work);
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        // The lease runs out by itself; then the saga is taken up again from the database.
        this.#options.log.error({ err: error }, 'work on a saga broke off');
      })
      .finally(() => this.#busy.delete(tracked));
    this.#busy.add(tracked);
  }

  async #drive(saga: Saga): Promise<void> {
    let current: Saga | undefined = saga;
    while (current) {
      if (isInterrupted(current.state)) {
        current = (await this.#options.store.apply(current, { kind: 'resumed' }))?.next;
      } else {
        current = await this.#takeStep(current);
      }
    }
  }

  async #takeStep(saga: Saga): Promise<Saga | undefined> {
    const { state } = saga;
    if (state.phase === 'settled') return undefined;
    const name = state.phase === 'forward' ? SPAN_NAMES.sagaStep : SPAN_NAMES.sagaCompensation;
    const attributes = {
      [ATTRIBUTES.sagaName]: 'order',
      [ATTRIBUTES.sagaStep]: state.step,
      [ATTRIBUTES.orderId]: saga.order.id,
    };
    return runWithTraceparent(saga.traceparent, () =>
      withSpan(name('order', state.step), attributes, async (span) => {
        const { store, crash, metrics } = this.#options;
        crash?.(`saga.${state.step}.before-call`);
        const input = await this.#call(saga, state.step);
        crash?.(`saga.${state.step}.after-call`);
        const applied = await store.apply(saga, input);
        crash?.(`saga.${state.step}.after-commit`);
        const result = resultOf(state, input);
        span.setAttribute(ATTRIBUTES.sagaResult, result);
        metrics.step(state.step, result);
        this.#afterStep(saga, state, applied);
        return applied?.next;
      }),
    );
  }

  async #call(saga: Saga, step: SagaStep): Promise<SagaInput> {
    const { clock, log, neighbours, callTimeoutMs } = this.#options;
    // A call must not outlive the lease: after that somebody else may be a step further.
    const deadlineMs = Math.min(clock.monotonic() + 2 * callTimeoutMs, saga.leaseEndsMs);
    if (deadlineMs <= clock.monotonic()) return { kind: 'unknown' };
    const call: CallContext = { signal: new AbortController().signal, deadlineMs };
    return takeStep(step, { ...neighbours, saga, call, log });
  }

  #afterStep(saga: Saga, state: SagaState, applied: Applied | undefined): void {
    const { clock, log, pollMs } = this.#options;
    const orderId = saga.order.id;
    if (!applied) {
      log.warn({ order_id: orderId }, 'another runner has taken the saga over');
      return;
    }
    if (state.phase === 'undo' && applied.attempts >= ALARM_ATTEMPTS) {
      log.error(
        { order_id: orderId, step: state.step, attempts: applied.attempts },
        'an order cannot be undone yet; trying again',
      );
    }
    if (applied.retryInMs !== undefined && applied.retryInMs < pollMs) {
      void clock.sleep(applied.retryInMs).then(() => this.nudge());
    }
  }
}

/** Somebody asked for the order to be cancelled while nothing was under way. */
function isInterrupted(state: SagaState): boolean {
  return state.phase === 'forward' && state.cancelRequested;
}

function resultOf(state: SagaState, input: SagaInput) {
  if (input.kind === 'done') return state.phase === 'undo' ? 'compensated' : 'done';
  return input.kind === 'refused' ? 'failed' : 'unknown';
}
