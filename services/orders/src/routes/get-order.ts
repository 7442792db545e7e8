import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { adminGetOrder, getOrder } from '@faultline/contracts/orders';
import type { OrdersDeps } from '../deps.ts';
import { findOrder, type OrderRow, toOrder } from '../orders.ts';

export function getOrderHandler(deps: OrdersDeps): Handler<typeof getOrder> {
  return async ({ params, call }) => {
    const order = await requireOrder(deps, params.id, principalOf(call).id);
    return { status: 200, body: toOrder(order) };
  };
}

export function adminGetOrderHandler(deps: OrdersDeps): Handler<typeof adminGetOrder> {
  return async ({ params }) => {
    const order = await requireOrder(deps, params.id);
    return { status: 200, body: toOrder(order) };
  };
}

/** The order; somebody else's is as absent as one that never was. */
export async function requireOrder(
  { postgres }: Pick<OrdersDeps, 'postgres'>,
  id: string,
  accountId?: string,
): Promise<OrderRow> {
  const order = await findOrder(postgres.pool, id, accountId);
  if (!order) throw new ProblemError('not_found', 'There is no such order.');
  return order;
}
