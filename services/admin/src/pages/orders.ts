import { adminListOrders, orderStatus } from '@faultline/contracts/orders';
import { html } from 'htm/preact';
import { formatMoney } from '../view/money.ts';
import { badge, filters, formatTime, nextPage, shortId, table } from '../view/parts.ts';
import type { Outcome, Visit } from '../visit.ts';

const path = '/admin/orders';

/** All orders, newest first, of one status when asked. */
export async function ordersPage(visit: Visit): Promise<Outcome> {
  const query = visit.listQuery(adminListOrders.query);
  const { body } = await visit.need('orders', adminListOrders, { query });
  const content = html`<h1>Orders</h1>
    ${filters('Status', [
      { href: path, label: 'all', current: query.status === undefined },
      ...orderStatus.options.map((status) => ({
        href: `${path}?status=${status}`,
        label: status,
        current: status === query.status,
      })),
    ])}
    ${table({
      caption: 'Orders',
      columns: ['Order', 'Placed (UTC)', 'Items', { number: 'Total' }, 'Status'],
      empty: 'No orders here.',
      rows: body.items.map((order) => [
        html`<a href="${path}/${order.id}">${shortId(order.id)}</a>`,
        formatTime(order.created_at),
        order.lines.map((line) => `${line.quantity} × ${line.name}`).join(', '),
        formatMoney(order.total),
        badge(order.status),
      ]),
    })}
    ${nextPage(path, visit.query, body.next_cursor)}`;
  return { title: 'Orders', content };
}
