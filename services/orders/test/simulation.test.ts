import { expect } from 'chai';
import {
  firstState,
  type SagaInput,
  type SagaState,
  type SagaStep,
  transition,
} from '../src/saga/machine.ts';
import { PaymentsModel, StockModel } from './models.ts';

/*
 * Whole lives of orders against models of inventory and payments, with every fault of a network
 * and of a process that runs the saga. One seed is one history, always the same.
 */
const HISTORIES = 30_000;
const FAULTS_END_MS = 150_000;
const GIVE_UP_MS = 60_000;
const LEASE_MS = 15_000;
/** A call may arrive this much later than it was sent: its deadline. */
const LATE_MS_MAX = 10_000;
const TICKS_MAX = 2_000;

type Seen = Map<string, number>;
type Late = { atMs: number; act: () => void };

describe('the order saga in simulated time', () => {
  it(`keeps stock and money right in ${HISTORIES} histories of faults and crashes`, () => {
    const seen: Seen = new Map();
    for (let seed = 1; seed <= HISTORIES; seed++) {
      try {
        new History(seed, seen).live();
      } catch (error) {
        throw new Error(`the history with seed ${seed} broke: ${String(error)}`, { cause: error });
      }
    }
    for (const sometimes of [
      'settled confirmed',
      'settled failed out_of_stock',
      'settled failed payment_declined',
      'settled failed timed_out',
      'settled cancelled',
      'settled refunded',
      'cancel at reserve',
      'cancel at authorize',
      'cancel at commit',
      'cancel at capture',
      'cancel at confirmed',
      'crash before reserve',
      'crash after capture',
      'crash before release',
      'crash after void',
      'void → refund',
      'late authorize after void was asked',
      'late reserve was refused',
      'payment unheard of',
      'reservation expired',
    ]) {
      expect(seen.get(sometimes) ?? 0, `never happened: ${sometimes}`).to.be.greaterThan(0);
    }
  });
});

/** Cheaper than an assertion library, a million times over. */
function require(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** mulberry32: small, fast, the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class History {
  readonly #random: () => number;
  readonly #seen: Seen;
  readonly #stock: StockModel;
  readonly #payments = new PaymentsModel();
  readonly #items = [{ product_id: 'mug', quantity: 2 }];
  readonly #token: string;
  /** How often calls go wrong in this history, and how often its process dies. */
  readonly #trouble: number;
  readonly #events: string[] = [];
  #late: Late[] = [];
  #state: SagaState = firstState(GIVE_UP_MS);
  #nowMs = 0;

  constructor(seed: number, seen: Seen) {
    this.#random = randomFrom(seed);
    this.#seen = seen;
    this.#stock = new StockModel({ mug: this.#chance(0.15) ? 1 : 5 });
    this.#token = this.#chance(0.15) ? 'tok_declined' : 'tok_ok';
    this.#trouble = this.#random() * 0.95;
  }

  live(): void {
    for (let tick = 0; tick < TICKS_MAX; tick++) {
      this.#nowMs += Math.floor(this.#random() * 3_000);
      this.#deliverLate();
      if (this.#nowMs < FAULTS_END_MS) this.#command();
      if (this.#state.phase !== 'settled') this.#step(this.#state.step);
      this.#stock.check();
      if (this.#state.phase === 'settled') this.#checkSettled();
      const quiet = this.#nowMs >= FAULTS_END_MS && this.#late.length === 0;
      if (quiet && this.#state.phase === 'settled') return this.#conclude();
    }
    throw new Error(`not settled after ${TICKS_MAX} ticks: ${JSON.stringify(this.#state)}`);
  }

  #conclude(): void {
    this.#note(`settled ${this.#events[0]}`);
    if (this.#events.length > 1) this.#note(`settled ${this.#events[1]}`);
    const told = this.#events.join(', ');
    const undone = told === 'confirmed, cancelled' || told === 'confirmed, refunded';
    require(this.#events.length === 1 || undone, `events ${told}`);
  }

  /** What must hold of an order at rest, also when calls of long ago arrive afterwards. */
  #checkSettled(): void {
    if (this.#state.phase !== 'settled') return;
    const sold = this.#state.status === 'confirmed';
    const { status } = this.#state;
    const stock = this.#stock.reservations.get('r')?.status;
    const payment = this.#payments.charges.get('p')?.status;
    require((stock === 'committed') === sold, `${status}, stock ${stock}`);
    require((payment === 'captured') === sold, `${status}, payment ${payment}`);
    require(this.#stock.holds('r') === sold, `${status}, stock ${stock}`);
    require(this.#payments.holds('p') === sold, `${status}, payment ${payment}`);
  }

  #command(): void {
    if (!this.#chance(0.01)) return;
    const kind = this.#chance(0.7) ? 'cancel' : 'refund';
    const place = this.#state.phase === 'settled' ? this.#state.status : this.#state.step;
    if (this.#apply({ kind })) this.#note(`${kind} at ${place}`);
  }

  #step(step: SagaStep): void {
    const { phase } = this.#state;
    if (phase === 'forward' && this.#state.cancelRequested && this.#chance(0.5)) {
      this.#apply({ kind: 'resumed' });
      return;
    }
    // A customer lets a reservation run out by waiting for a slow bank; here it happens by chance.
    if (step === 'commit' && this.#chance(0.05)) {
      this.#stock.expire('r');
      this.#note('reservation expired');
    }
    if (step === 'release') this.#checkOrderOfUndoing();
    if (this.#nowMs >= FAULTS_END_MS || !this.#chance(this.#trouble)) {
      this.#apply(this.#act(step));
      return;
    }
    this.#goWrong(step);
  }

  #goWrong(step: SagaStep): void {
    const fate = Math.floor(this.#random() * 5);
    if (fate === 0) {
      this.#apply({ kind: 'unknown' }); // never arrived
    } else if (fate === 1) {
      this.#act(step); // the reply was lost
      this.#apply({ kind: 'unknown' });
    } else if (fate === 2) {
      const delayMs = this.#random() * LATE_MS_MAX;
      this.#late.push({ atMs: this.#nowMs + delayMs, act: () => this.#actLate(step) });
      this.#apply({ kind: 'unknown' });
    } else {
      this.#note(`crash ${fate === 3 ? 'before' : 'after'} ${step}`);
      if (fate === 4) this.#act(step);
      this.#nowMs += LEASE_MS;
      this.#apply({ kind: 'resumed' });
    }
  }

  #actLate(step: SagaStep): void {
    if (step === 'authorize' && this.#state.phase !== 'forward') {
      this.#note('late authorize after void was asked');
    }
    const input = this.#act(step);
    if (step === 'reserve' && input.kind === 'refused') this.#note('late reserve was refused');
  }

  #deliverLate(): void {
    const due = this.#late.filter((call) => call.atMs <= this.#nowMs);
    this.#late = this.#late.filter((call) => call.atMs > this.#nowMs);
    for (const call of due) call.act();
  }

  #checkOrderOfUndoing(): void {
    require(!this.#payments.holds('p'), 'stock is given back before the payment');
  }

  /** What the neighbour does, and what a runner makes of its answer (see calls.ts). */
  #act(step: SagaStep): SagaInput {
    switch (step) {
      case 'reserve': {
        const held = this.#stock.reserve('r', this.#items);
        if ('short' in held) return { kind: 'refused', reason: 'out_of_stock', detail: null };
        if (this.#stock.holds('r')) return { kind: 'done' };
        return { kind: 'refused', reason: 'timed_out', detail: null };
      }
      case 'commit':
        return this.#stock.commit('r')?.status === 'committed'
          ? { kind: 'done' }
          : { kind: 'refused', reason: 'timed_out', detail: null };
      case 'release':
        this.#stock.release('r');
        return { kind: 'done' };
      case 'authorize':
        return this.#authorize();
      case 'capture':
        return this.#payments.capture('p')?.done
          ? { kind: 'done' }
          : { kind: 'refused', reason: 'rejected', detail: null };
      case 'void':
      case 'refund':
        return this.#undoPayment(step);
      default:
        return step satisfies never;
    }
  }

  #authorize(): SagaInput {
    const status = this.#payments.authorize('p', { amount: 1, orderId: 'o', token: this.#token });
    if (status === 'authorized') return { kind: 'done' };
    const reason = status === 'declined' ? 'payment_declined' : 'rejected';
    return { kind: 'refused', reason, detail: null };
  }

  #undoPayment(step: 'void' | 'refund'): SagaInput {
    const asked = this.#payments[step]('p');
    if (!asked) this.#note('payment unheard of');
    if (!asked || asked.done || ['voided', 'refunded'].includes(asked.status)) {
      return { kind: 'done' };
    }
    if (asked.status === 'captured') this.#note('void → refund');
    return { kind: asked.status === 'captured' ? 'captured' : 'not_captured' };
  }

  /** Applies `input` as the store does; whether anything changed. */
  #apply(input: SagaInput): boolean {
    const { state, effects } = transition(this.#state, input, this.#nowMs);
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind !== 'store_reply') continue;
      const { outcome } = effect;
      this.#events.push(outcome.status === 'failed' ? `failed ${outcome.reason}` : outcome.status);
    }
    return effects.length > 0;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #note(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }
}
