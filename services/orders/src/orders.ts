import type { NewEvent } from '@faultline/chassis/events';
import type { Db } from '@faultline/chassis/postgres';
import type { Money } from '@faultline/contracts/common';
import {
  type FailureReason,
  type Order,
  orderEvents,
  type OrderLine,
  type OrderStatus,
} from '@faultline/contracts/orders';
import type { PostalAddress } from '@faultline/contracts/profiles';

/** The channel on which every change of an order is announced, by the order's id. */
export const ORDER_CHANNEL = 'order_changed';

export type OrderRow = {
  id: string;
  account_id: string;
  status: OrderStatus;
  failure_reason: FailureReason | null;
  failure_detail: string | null;
  lines: OrderLine[];
  total_amount: number;
  currency: Money['currency'];
  shipping_address: PostalAddress;
  reservation_id: string;
  payment_id: string;
  sequence: number;
  created_at: Date;
  updated_at: Date;
};

export type NewOrder = Pick<
  OrderRow,
  'id' | 'account_id' | 'lines' | 'shipping_address' | 'reservation_id' | 'payment_id'
> & { total: Money };

/** The order as the API shows it. */
export function toOrder(row: OrderRow): Order {
  return {
    id: row.id,
    account_id: row.account_id,
    status: row.status,
    failure_reason: row.failure_reason,
    failure_detail: row.failure_detail,
    lines: row.lines,
    total: totalOf(row),
    shipping_address: row.shipping_address,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export function totalOf(row: OrderRow): Money {
  return { amount: row.total_amount, currency: row.currency };
}

/** What happened to the order, for the outbox: nothing personal. */
export function toEvent(type: keyof typeof orderEvents.types, row: OrderRow): NewEvent {
  return {
    type,
    version: orderEvents.types[type].version,
    subject: row.id,
    sequence: row.sequence,
    data: {
      order_id: row.id,
      account_id: row.account_id,
      total: totalOf(row),
      lines: row.lines.map(({ product_id, name, quantity, unit_price }) => ({
        product_id,
        name,
        quantity,
        unit_price,
      })),
      ...(type === 'order.failed' ? { reason: row.failure_reason } : {}),
    },
  };
}

export async function insertOrder(tx: Db, order: NewOrder): Promise<OrderRow> {
  const { rows } = await tx.query<OrderRow>(
    `INSERT INTO orders (id, account_id, status, lines, total_amount, currency, shipping_address,
                         reservation_id, payment_id)
     VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8) RETURNING *`,
    [
      order.id,
      order.account_id,
      JSON.stringify(order.lines),
      order.total.amount,
      order.total.currency,
      order.shipping_address,
      order.reservation_id,
      order.payment_id,
    ],
  );
  return only(rows, order.id);
}

/** Changes the order's status and announces it to everybody who watches, on commit. */
export async function changeStatus(
  tx: Db,
  id: string,
  change: { status: OrderStatus; failure?: { reason: FailureReason; detail: string | null } },
): Promise<OrderRow> {
  const { rows } = await tx.query<OrderRow>(
    `UPDATE orders SET status = $2, failure_reason = $3, failure_detail = $4,
                       sequence = sequence + 1, updated_at = now()
     WHERE id = $1 RETURNING *`,
    [id, change.status, change.failure?.reason ?? null, change.failure?.detail ?? null],
  );
  await tx.query('SELECT pg_notify($1, $2)', [ORDER_CHANNEL, id]);
  return only(rows, id);
}

/** The order, unless there is none or it is not `accountId`'s. */
export async function findOrder(
  db: Db,
  id: string,
  accountId?: string,
): Promise<OrderRow | undefined> {
  const { rows } = await db.query<OrderRow>(
    'SELECT * FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR account_id = $2)',
    [id, accountId ?? null],
  );
  return rows[0];
}

/** Newest first: ids are UUIDv7, so they sort by age. `after` is the last id of the page before. */
export async function listOrders(
  db: Db,
  filter: { accountId?: string; status?: OrderStatus | undefined; after?: string; limit: number },
): Promise<OrderRow[]> {
  const { rows } = await db.query<OrderRow>(
    `SELECT * FROM orders
     WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::text IS NULL OR status = $2)
       AND ($3::uuid IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [filter.accountId ?? null, filter.status ?? null, filter.after ?? null, filter.limit],
  );
  return rows;
}

function only(rows: OrderRow[], id: string): OrderRow {
  const [row] = rows;
  if (!row) throw new Error(`write order ${id}: expected one row, got none`);
  return row;
}
