import { ProblemError } from '@faultline/chassis/errors';
import { cursor, id } from '@faultline/contracts/common';
import { cancelOrder, getOrder, listOrders, type Order } from '@faultline/contracts/orders';
import { progressOf } from '../order-steps.ts';
import type { Reply } from '../shell.ts';
import { orderNumber, ordersView, orderView } from '../views/orders.ts';
import type { Visit } from '../visit.ts';

const REFRESH_SECONDS = 3;

/** Your orders, newest first. */
export async function ordersPage(visit: Visit<'orders'>): Promise<Reply> {
  const after = visit.query.get('cursor');
  if (after !== null && !cursor.safeParse(after).success) {
    throw new ProblemError('invalid_request', 'There is no such page of orders.');
  }
  const { body } = await visit.need('orders', listOrders, {
    query: after === null ? {} : { cursor: after },
  });
  return { title: 'Your orders', body: ordersView(body.items, body.next_cursor) };
}

/** One of your orders and how far it is. */
export async function orderPage(visit: Visit<'order'>): Promise<Reply> {
  const reply = await visit.need('orders', getOrder, { params: { id: orderIdOf(visit) } });
  if (reply.status === 404) throw noSuchOrder();
  return show(reply.body);
}

/** Cancels an order, if it still can be. */
export async function cancelAction(visit: Visit<'cancelOrder'>): Promise<Reply> {
  const params = { id: orderIdOf(visit) };
  const reply = await visit.need('orders', cancelOrder, { params });
  if (reply.status === 404) throw noSuchOrder();
  if (reply.status !== 409) return { seeOther: `/orders/${params.id}` };
  const now = await visit.need('orders', getOrder, { params });
  if (now.status === 404) throw noSuchOrder();
  return { ...show(now.body, 'This order can no longer be cancelled.'), status: 409 };
}

/**
 * The id in an order's address.
 * @throws ProblemError 404 when there can be no such order.
 */
export function orderIdOf(visit: { param(name: string): string }): string {
  const parsed = id.safeParse(visit.param('id'));
  if (!parsed.success) throw noSuchOrder();
  return parsed.data;
}

function show(order: Order, message?: string): Extract<Reply, { title: string }> {
  const { settled } = progressOf(order);
  return {
    title: `Order ${orderNumber(order.id)}`,
    body: orderView(order, message),
    script: 'order.js',
    refreshSeconds: settled ? undefined : REFRESH_SECONDS,
  };
}

function noSuchOrder(): ProblemError {
  return new ProblemError('not_found', 'There is no such order.');
}
