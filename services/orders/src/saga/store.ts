import type { Clock } from '@faultline/chassis/clock';
import { storeReply } from '@faultline/chassis/idempotency';
import type { Logger } from '@faultline/chassis/log';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Db, Postgres } from '@faultline/chassis/postgres';
import { orderEvents, placeOrder } from '@faultline/contracts/orders';
import { changeStatus, findOrder, type OrderRow, toEvent } from '../orders.ts';
import { settledReply } from '../reply.ts';
import { backoffMs, type Backoff } from './backoff.ts';
import { type Effect, type SagaInput, sagaState, type SagaState, transition } from './machine.ts';

/** A saga under a lease: what a runner needs to take its next step. */
export type Saga = {
  order: OrderRow;
  state: SagaState;
  /** The fence: a result counts only while the database still has this number. */
  sequence: number;
  token: string | null;
  traceparent: string | null;
  /** Monotonic milliseconds after which the lease is somebody else's. */
  leaseEndsMs: number;
};

/** What applying a result came to. `next` is absent when there is nothing for this runner to do now. */
export type Applied = {
  next?: Saga;
  /** Set when the step waits to be tried again. */
  retryInMs?: number;
  attempts: number;
};

type SagaRow = {
  order_id: string;
  state: unknown;
  sequence: number;
  attempts: number;
  idempotency_key: string;
  traceparent: string | null;
};

export type SagaStoreOptions = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  clock: Clock;
  log: Logger;
  random: () => number;
  /** Which process this is, for people who look at the leases. */
  owner: string;
  leaseMs: number;
  backoff: Backoff;
  /** Called after commit, for those in this process who watch the order. */
  changed: (orderId: string) => void;
};

const PARKED_SECONDS = 60;

/** Sagas in the database: every method is one transaction, every result applied at most once. */
export class SagaStore {
  readonly #options: SagaStoreOptions;

  constructor(options: SagaStoreOptions) {
    this.#options = options;
  }

  /** Begins an order's saga in `tx`, with the lease already taken when `lease` says so. */
  async insert(
    tx: Db,
    saga: Pick<Saga, 'order' | 'state' | 'traceparent'> & { token: string; key: string },
    lease: 'held' | 'free',
  ): Promise<Saga> {
    const { clock, leaseMs, owner } = this.#options;
    const leaseEndsMs = clock.monotonic() + leaseMs;
    const held = lease === 'held';
    await tx.query(
      `INSERT INTO sagas (order_id, state, next_attempt_at, idempotency_key, traceparent,
                          lease_owner, lease_until)
       VALUES ($1, $2, now(), $3, $4, $5, now() + make_interval(secs => $6))`,
      [
        saga.order.id,
        saga.state,
        saga.key,
        saga.traceparent,
        held ? owner : null,
        held ? leaseMs / 1_000 : null,
      ],
    );
    await tx.query('INSERT INTO payment_tokens (order_id, token) VALUES ($1, $2)', [
      saga.order.id,
      saga.token,
    ]);
    const { order, state, token, traceparent } = saga;
    return { order, state, token, traceparent, sequence: 0, leaseEndsMs };
  }

  /** Takes up to `limit` sagas that are due and that nobody works on. */
  async claimDue(limit: number): Promise<Saga[]> {
    const { postgres, clock, leaseMs, owner } = this.#options;
    const leaseEndsMs = clock.monotonic() + leaseMs;
    const { rows } = await postgres.pool.query<SagaRow>(
      `UPDATE sagas SET lease_owner = $1, lease_until = now() + make_interval(secs => $2),
                        sequence = sequence + 1
       WHERE order_id = ANY (ARRAY(
         SELECT order_id FROM sagas
         WHERE next_attempt_at <= now() AND (lease_until IS NULL OR lease_until <= now())
         ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED))
       RETURNING *`,
      [owner, leaseMs / 1_000, limit],
    );
    const sagas = await Promise.all(rows.map((row) => this.#load(row, leaseEndsMs)));
    return sagas.filter((saga) => saga !== undefined);
  }

  async #load(row: SagaRow, leaseEndsMs: number): Promise<Saga | undefined> {
    const { pool } = this.#options.postgres;
    const state = sagaState.safeParse(row.state);
    if (!state.success) return this.#park(row);
    const order = await findOrder(pool, row.order_id);
    if (!order) throw new Error(`load the saga of order ${row.order_id}: there is no such order`);
    const { rows } = await pool.query<{ token: string }>(
      'SELECT token FROM payment_tokens WHERE order_id = $1',
      [row.order_id],
    );
    const { sequence, traceparent } = row;
    const token = rows[0]?.token ?? null;
    return { order, state: state.data, sequence, token, traceparent, leaseEndsMs };
  }

  /** A state this version does not know was written by a newer one, which is left to go on with it. */
  async #park(row: SagaRow): Promise<undefined> {
    const { postgres, log } = this.#options;
    await postgres.pool.query(
      `UPDATE sagas SET lease_owner = NULL, lease_until = NULL,
                        next_attempt_at = now() + make_interval(secs => $3)
       WHERE order_id = $1 AND sequence = $2`,
      [row.order_id, row.sequence, PARKED_SECONDS],
    );
    log.error({ order_id: row.order_id }, 'parked a saga whose state this version does not know');
  }

  /**
   * Applies what a step came to: state, order, event and stored reply change together, or nothing
   * does because somebody else holds the saga by now (undefined).
   */
  async apply(saga: Saga, input: SagaInput): Promise<Applied | undefined> {
    const leaseEndsMs = this.#options.clock.monotonic() + this.#options.leaseMs;
    let announce = false;
    const applied = await this.#options.postgres.transaction(async (tx) => {
      const { rows } = await tx.query<SagaRow>(
        'SELECT * FROM sagas WHERE order_id = $1 AND sequence = $2 FOR UPDATE',
        [saga.order.id, saga.sequence],
      );
      const [row] = rows;
      if (!row) return undefined;
      const before = sagaState.parse(row.state);
      const { state, effects } = transition(before, input, this.#options.clock.now());
      const order = await this.#perform(tx, row, effects);
      announce = order !== undefined;
      const retry = effects.some((effect) => effect.kind === 'retry');
      if (retry) return this.#release(tx, row, state);
      const sequence = await this.#advance(tx, row, state);
      if (state.phase === 'settled') return { attempts: 0 };
      return {
        next: { ...saga, state, sequence, leaseEndsMs, order: order ?? saga.order },
        attempts: 0,
      };
    });
    if (announce) this.#announce(saga.order.id);
    return applied;
  }

  /**
   * Asks for the order to be cancelled or refunded, in `tx`. Resolves to the changed order, or
   * undefined when the saga's state does not allow it. Call {@link announceCommand} after commit.
   */
  async command(tx: Db, orderId: string, input: SagaInput): Promise<OrderRow | undefined> {
    const { rows } = await tx.query<SagaRow>('SELECT * FROM sagas WHERE order_id = $1 FOR UPDATE', [
      orderId,
    ]);
    const [row] = rows;
    if (!row) return undefined;
    const before = sagaState.parse(row.state);
    const { state, effects } = transition(before, input, this.#options.clock.now());
    const order = await this.#perform(tx, row, effects);
    if (!order) return undefined;
    // No new sequence: a step under way keeps its lease, and its result meets the new state.
    await tx.query(
      'UPDATE sagas SET state = $2, attempts = 0, next_attempt_at = now() WHERE order_id = $1',
      [orderId, state],
    );
    return order;
  }

  announceCommand(orderId: string): void {
    this.#announce(orderId);
  }

  /** Whether a runner works on the order's saga within its lease. */
  async isHeld(orderId: string): Promise<boolean> {
    const { rows } = await this.#options.postgres.pool.query(
      'SELECT 1 FROM sagas WHERE order_id = $1 AND lease_until > now()',
      [orderId],
    );
    return rows.length > 0;
  }

  /** Sagas begun and not yet ended. */
  async countInFlight(): Promise<number> {
    const { rows } = await this.#options.postgres.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM sagas WHERE next_attempt_at IS NOT NULL',
    );
    return rows[0]?.count ?? 0;
  }

  async #perform(tx: Db, saga: SagaRow, effects: readonly Effect[]): Promise<OrderRow | undefined> {
    let order: OrderRow | undefined;
    for (const effect of effects) {
      if (effect.kind === 'status') {
        order = await changeStatus(tx, saga.order_id, effect);
      } else if (effect.kind === 'erase_token') {
        await tx.query('DELETE FROM payment_tokens WHERE order_id = $1', [saga.order_id]);
      } else if (effect.kind === 'event' && order) {
        await this.#options.outbox.append(tx, orderEvents.stream, toEvent(effect.type, order));
      } else if (effect.kind === 'store_reply' && order) {
        const traceId = saga.traceparent?.split('-')[1] ?? '0'.repeat(32);
        await storeReply(
          tx,
          scopeOf(order.account_id, saga.idempotency_key),
          settledReply(order, effect.outcome, traceId),
        );
      }
    }
    return order;
  }

  async #advance(tx: Db, row: SagaRow, state: SagaState): Promise<number> {
    const settled = state.phase === 'settled';
    await tx.query(
      `UPDATE sagas SET state = $2, sequence = sequence + 1, attempts = 0,
                        next_attempt_at = CASE WHEN $3 THEN NULL ELSE now() END,
                        lease_owner = CASE WHEN $3 THEN NULL ELSE lease_owner END,
                        lease_until = CASE WHEN $3 THEN NULL
                                           ELSE now() + make_interval(secs => $4) END
       WHERE order_id = $1`,
      [row.order_id, state, settled, this.#options.leaseMs / 1_000],
    );
    return row.sequence + 1;
  }

  async #release(tx: Db, row: SagaRow, state: SagaState): Promise<Applied> {
    const attempts = row.attempts + 1;
    const retryInMs = backoffMs(this.#options.backoff, {
      phase: state.phase === 'undo' ? 'undo' : 'forward',
      attempts,
      random: this.#options.random(),
    });
    await tx.query(
      `UPDATE sagas SET state = $2, sequence = sequence + 1, attempts = $3,
                        next_attempt_at = now() + make_interval(secs => $4),
                        lease_owner = NULL, lease_until = NULL
       WHERE order_id = $1`,
      [row.order_id, state, attempts, retryInMs / 1_000],
    );
    return { retryInMs, attempts };
  }

  #announce(orderId: string): void {
    this.#options.outbox.nudge();
    this.#options.changed(orderId);
  }
}

/** A key counts for the account that placed the order. */
export function scopeOf(accountId: string, key: string) {
  return { principal: accountId, operation: placeOrder.id, key };
}
