import type { Db } from '@faultline/chassis/postgres';
import type { Money } from '@faultline/contracts/common';
import type { Payment } from '@faultline/contracts/payments';
import type { PaymentStatus } from './payment.ts';

/** A payment with what the processor needs besides the contract's fields. */
export type PaymentRecord = {
  id: string;
  orderId: string;
  status: PaymentStatus;
  money: Money;
  token: string | null;
  declineReason: string | null;
  idempotencyKey: string;
  traceparent: string | null;
  version: number;
  eventCount: number;
  attempts: number;
  /** Whether a call to the provider is under way. */
  busy: boolean;
  createdAt: Date;
  updatedAt: Date;
};

type Row = {
  id: string;
  order_id: string;
  status: PaymentStatus;
  amount: string;
  currency: Money['currency'];
  token: string | null;
  decline_reason: string | null;
  idempotency_key: string;
  traceparent: string | null;
  version: number;
  event_count: number;
  attempts: number;
  busy: boolean;
  created_at: Date;
  updated_at: Date;
};

const columns = `id, order_id, status, amount, currency, token, decline_reason, idempotency_key,
  traceparent, version, event_count, attempts, coalesce(busy_until > now(), false) AS busy,
  created_at, updated_at`;

/** Takes the right to call the provider for `$2` milliseconds. */
const takeLease = `busy_until = now() + make_interval(secs => $2 / 1000.0),
  check_at = now() + make_interval(secs => $2 / 1000.0), version = version + 1`;

function toRecord(row: Row): PaymentRecord {
  return {
    id: row.id,
    orderId: row.order_id,
    status: row.status,
    money: { amount: Number(row.amount), currency: row.currency },
    token: row.token,
    declineReason: row.decline_reason,
    idempotencyKey: row.idempotency_key,
    traceparent: row.traceparent,
    version: row.version,
    eventCount: row.event_count,
    attempts: row.attempts,
    busy: row.busy,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The payment as the contract shows it. */
export function toPayment(record: PaymentRecord): Payment {
  return {
    id: record.id,
    order_id: record.orderId,
    status: record.status,
    amount: record.money,
    decline_reason: record.declineReason,
    created_at: record.createdAt.toISOString(),
    updated_at: record.updatedAt.toISOString(),
  };
}

export type NewPayment = Pick<
  PaymentRecord,
  'id' | 'orderId' | 'money' | 'idempotencyKey' | 'traceparent'
> & { token: string; leaseMs: number };

/** Inserts a payment in `authorizing`, leased; undefined when the id is taken. */
export async function insertPayment(
  tx: Db,
  payment: NewPayment,
): Promise<PaymentRecord | undefined> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO payments (id, order_id, status, amount, currency, token, idempotency_key,
       traceparent, busy_until, check_at)
     VALUES ($1, $2, 'authorizing', $3, $4, $5, $6, $7,
       now() + make_interval(secs => $8 / 1000.0), now() + make_interval(secs => $8 / 1000.0))
     ON CONFLICT DO NOTHING RETURNING ${columns}`,
    [
      payment.id,
      payment.orderId,
      payment.money.amount,
      payment.money.currency,
      payment.token,
      payment.idempotencyKey,
      payment.traceparent,
      payment.leaseMs,
    ],
  );
  return rows[0] && toRecord(rows[0]);
}

export async function findPayment(db: Db, id: string): Promise<PaymentRecord | undefined> {
  const { rows } = await db.query<Row>(`SELECT ${columns} FROM payments WHERE id = $1`, [id]);
  return rows[0] && toRecord(rows[0]);
}

export async function lockPayment(tx: Db, id: string): Promise<PaymentRecord | undefined> {
  const { rows } = await tx.query<Row>(`SELECT ${columns} FROM payments WHERE id = $1 FOR UPDATE`, [
    id,
  ]);
  return rows[0] && toRecord(rows[0]);
}

/** Writes the state that says what the provider is about to be asked, and takes the lease. */
export async function begin(
  tx: Db,
  id: string,
  next: { status: PaymentStatus; leaseMs: number },
): Promise<PaymentRecord> {
  return one(
    await tx.query<Row>(
      `UPDATE payments SET status = $3, attempts = 0, updated_at = now(), decline_reason = NULL,
         ${takeLease} WHERE id = $1 RETURNING ${columns}`,
      [id, next.leaseMs, next.status],
    ),
  );
}

/** Takes the lease of a payment locked in `tx` that is open and not busy. */
export async function lease(tx: Db, id: string, leaseMs: number): Promise<PaymentRecord> {
  return one(
    await tx.query<Row>(
      `UPDATE payments SET attempts = attempts + 1, ${takeLease} WHERE id = $1 RETURNING ${columns}`,
      [id, leaseMs],
    ),
  );
}

/** Takes the leases of up to `limit` payments whose time to be asked about has come. */
export async function leaseDue(
  tx: Db,
  options: { limit: number; leaseMs: number },
): Promise<PaymentRecord[]> {
  const { rows } = await tx.query<Row>(
    `UPDATE payments SET attempts = attempts + 1, ${takeLease}
     WHERE id IN (SELECT id FROM payments WHERE check_at <= now() ORDER BY check_at LIMIT $1
       FOR UPDATE SKIP LOCKED) RETURNING ${columns}`,
    [options.limit, options.leaseMs],
  );
  return rows.map(toRecord);
}

export type Settlement = {
  status: PaymentStatus;
  reason: string | null;
  events: number;
  /** Set to look again after `afterMs` for as long as `forMs`. */
  watch?: { afterMs: number; forMs: number };
};

/** Writes a result over the version it was asked for; undefined when the payment has moved on. */
export async function settle(
  tx: Db,
  record: PaymentRecord,
  to: Settlement,
): Promise<PaymentRecord | undefined> {
  const { rows } = await tx.query<Row>(
    `UPDATE payments SET status = $3, decline_reason = $4, event_count = event_count + $5,
       check_at = now() + make_interval(secs => $6 / 1000.0),
       watch_until = now() + make_interval(secs => $7 / 1000.0),
       token = NULL, attempts = 0, busy_until = NULL, version = version + 1, updated_at = now()
     WHERE id = $1 AND version = $2 RETURNING ${columns}`,
    [
      record.id,
      record.version,
      to.status,
      to.reason,
      to.events,
      to.watch?.afterMs ?? null,
      to.watch?.forMs ?? null,
    ],
  );
  return rows[0] && toRecord(rows[0]);
}

/** Gives the lease back: ask again after `pauseMs`, or never, when only watched and the watch is over. */
export async function postpone(
  db: Db,
  record: PaymentRecord,
  { pauseMs, whileWatched }: { pauseMs: number; whileWatched: boolean },
): Promise<void> {
  await db.query(
    `UPDATE payments SET busy_until = NULL, version = version + 1,
       check_at = CASE WHEN NOT $4 OR watch_until > now()
         THEN now() + make_interval(secs => $3 / 1000.0) END
     WHERE id = $1 AND version = $2`,
    [record.id, record.version, pauseMs, whileWatched],
  );
}

/** Has a payment that is being or was voided asked about as soon as nobody is at it. */
export async function recheckVoided(db: Db, id: string, watchMs: number): Promise<void> {
  await db.query(
    `UPDATE payments SET check_at = greatest(now(), busy_until),
       watch_until = now() + make_interval(secs => $2 / 1000.0)
     WHERE id = $1 AND status IN ('voiding', 'voided')`,
    [id, watchMs],
  );
}

/** Remembers that a payment never asked for is not wanted. */
export async function refuse(tx: Db, id: string): Promise<void> {
  await tx.query('INSERT INTO refused_payments (id) VALUES ($1) ON CONFLICT DO NOTHING', [id]);
}

export async function isRefused(tx: Db, id: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM refused_payments WHERE id = $1', [id]);
  return rowCount === 1;
}

/** Orders transactions about a payment that has no row to lock yet. */
export async function lockId(tx: Db, id: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
}

function one({ rows }: { rows: Row[] }): PaymentRecord {
  const [row] = rows;
  if (!row) throw new Error('a payment locked in this transaction is gone');
  return toRecord(row);
}
