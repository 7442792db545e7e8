import { decodeCursor, toPage } from '@faultline/chassis/cursor';
import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import { id } from '@faultline/contracts/common';
import type {
  adminListOrders,
  listOrders as listOrdersEndpoint,
  OrderStatus,
} from '@faultline/contracts/orders';
import { z } from 'zod';
import type { OrdersDeps } from '../deps.ts';
import { listOrders, toOrder } from '../orders.ts';

const position = z.strictObject({ id });

type Filter = {
  accountId?: string;
  status?: OrderStatus | undefined;
  limit: number;
  cursor?: string | undefined;
};

export function listOrdersHandler(deps: OrdersDeps): Handler<typeof listOrdersEndpoint> {
  return async ({ query, call }) => ({
    status: 200,
    body: await readPage(deps, { ...query, accountId: principalOf(call).id }),
  });
}

export function adminListOrdersHandler(deps: OrdersDeps): Handler<typeof adminListOrders> {
  return async ({ query }) => ({ status: 200, body: await readPage(deps, query) });
}

async function readPage({ postgres }: OrdersDeps, { cursor, limit, ...filter }: Filter) {
  const after = decodeCursor(position, cursor)?.id;
  const rows = await listOrders(postgres.pool, {
    ...filter,
    limit: limit + 1,
    ...(after === undefined ? {} : { after }),
  });
  return toPage(rows.map(toOrder), limit, (order) => ({ id: order.id }));
}
