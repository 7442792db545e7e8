import { parsePart } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { idParams } from '@faultline/contracts/common';
import {
  adminGetOrder,
  adminListOrders,
  adminRefundOrder,
  type Order,
  orderStatus,
} from '@faultline/contracts/orders';
import { html } from 'htm/preact';
import type { Neighbours } from '../neighbours.ts';
import type { PageHandler, Visit } from '../view/page.ts';
import { badge, formatMoney, formatTime, nextPage, table } from '../view/parts.ts';
import { notice } from '../view/problem.ts';

const path = '/admin/orders';

/** All orders, newest first, of one status when asked. */
export function ordersPage(to: Neighbours): PageHandler {
  return async ({ call, query }) => {
    const status = orderStatus.safeParse(query.get('status')).data;
    const cursor = query.get('cursor') ?? undefined;
    const request = { query: { limit: 50, ...(status && { status }), ...(cursor && { cursor }) } };
    const { body } = await to.orders.call(adminListOrders, request, call);
    const content = html`<h1>Orders</h1>
      <nav class="filters" aria-label="Status">
        <a href=${path} aria-current=${status ? undefined : 'true'}>all</a>
        ${orderStatus.options.map(
          (option) =>
            html`<a
              href="${path}?status=${option}"
              aria-current=${option === status ? 'true' : undefined}
              >${option}</a
            >`,
        )}
      </nav>
      ${table({
        caption: 'Orders',
        columns: ['Order', 'Placed', 'Items', 'Total', 'Status'],
        empty: 'No orders here.',
        rows: body.items.map(
          (order) =>
            html`<tr>
              <td><a href="${path}/${order.id}">${shortId(order)}</a></td>
              <td>${formatTime(order.created_at)}</td>
              <td>${order.lines.map((line) => `${line.quantity} × ${line.name}`).join(', ')}</td>
              <td class="number">${formatMoney(order.total)}</td>
              <td>${badge(order.status)}</td>
            </tr>`,
        ),
      })}
      ${nextPage(path, query, body.next_cursor)}`;
    return { title: 'Orders', content };
  };
}

/** One order, with the refund where it is possible. */
export function orderPage(to: Neighbours): PageHandler {
  return async (visit) => {
    const order = await find(to, visit);
    const { shipping_address: address } = order;
    const content = html`<h1>Order ${shortId(order)} ${badge(order.status)}</h1>
      ${notice(visit.query.has('refused') ? 'This order cannot be refunded in its present state.' : undefined)}
      ${order.failure_reason && html`<p>Failed: ${order.failure_reason.replaceAll('_', ' ')}. ${order.failure_detail}</p>`}
      ${table({
        caption: 'Items',
        columns: ['Product', 'Quantity', 'Each', 'Total'],
        empty: 'No items.',
        rows: order.lines.map(
          (line) =>
            html`<tr>
              <td><a href="/admin/products/${line.product_id}">${line.name}</a></td>
              <td class="number">${line.quantity}</td>
              <td class="number">${formatMoney(line.unit_price)}</td>
              <td class="number">${formatMoney(line.total)}</td>
            </tr>`,
        ),
      })}
      <dl>
        <dt>Total</dt>
        <dd>${formatMoney(order.total)}</dd>
        <dt>Placed</dt>
        <dd>${formatTime(order.created_at)}</dd>
        <dt>Account</dt>
        <dd>${order.account_id}</dd>
        <dt>Ships to</dt>
        <dd>
          ${[address.name, address.line1, address.line2, `${address.postal_code} ${address.city}`, address.country].filter(Boolean).join(', ')}
        </dd>
      </dl>
      ${
        order.status === 'confirmed' &&
        html`<form method="post" action="${path}/${order.id}/refund">
          <button class="danger">Refund order</button>
        </form>`
      }`;
    return { title: `Order ${shortId(order)}`, content };
  };
}

/** Refunds an order whole. */
export function refundOrder(to: Neighbours): PageHandler {
  return async ({ call, params }) => {
    const target = idParams.parse(parsePart(idParams, 'params', params));
    const reply = await to.orders.call(adminRefundOrder, { params: target }, call);
    if (reply.status === 404) throw new ProblemError('not_found', 'There is no such order.');
    return { redirect: `${path}/${target.id}${reply.status === 409 ? '?refused' : ''}` };
  };
}

async function find(to: Neighbours, { call, params }: Visit): Promise<Order> {
  const target = idParams.safeParse(params);
  const reply = target.success
    ? await to.orders.call(adminGetOrder, { params: target.data }, call)
    : undefined;
  if (reply?.status !== 200) throw new ProblemError('not_found', 'There is no such order.');
  return reply.body;
}

function shortId(order: Order): string {
  return order.id.slice(-8).toUpperCase();
}
