import { listStock } from '@faultline/contracts/inventory';
import { adminListOrders } from '@faultline/contracts/orders';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { productNames } from '../product-names.ts';
import { formatMoney } from '../view/money.ts';
import { badge, formatTime, shortId, table } from '../view/parts.ts';
import type { Outcome, Visit } from '../visit.ts';
import { LOW_STOCK } from './stock.ts';

const ROWS = 8;

/** Newest orders and what runs out. */
export async function overviewPage(visit: Visit): Promise<Outcome> {
  const [orders, stock] = await Promise.all([newestOrders(visit), runningOut(visit)]);
  const content = html`<h1>Overview</h1>
    <div class="cards">
      <section>
        <h2>Newest orders</h2>
        ${orders}
        <p><a href="/admin/orders">All orders</a></p>
      </section>
      <section>
        <h2>Running out</h2>
        ${stock}
        <p><a href="/admin/stock?available_below=${LOW_STOCK}">All that is running out</a></p>
      </section>
    </div>`;
  return { title: 'Overview', content };
}

const missing = html`<p class="empty">Cannot be shown now.</p>`;

async function newestOrders(visit: Visit): Promise<ComponentChildren> {
  const reply = await visit.want('orders', adminListOrders, { query: { limit: ROWS } });
  if (!reply) return missing;
  return table({
    caption: 'Newest orders',
    columns: ['Order', 'Placed (UTC)', { number: 'Total' }, 'Status'],
    empty: 'No orders yet.',
    rows: reply.body.items.map((order) => [
      html`<a href="/admin/orders/${order.id}">${shortId(order.id)}</a>`,
      formatTime(order.created_at),
      formatMoney(order.total),
      badge(order.status),
    ]),
  });
}

async function runningOut(visit: Visit): Promise<ComponentChildren> {
  const query = { limit: ROWS, available_below: LOW_STOCK };
  const reply = await visit.want('inventory', listStock, { query });
  if (!reply) return missing;
  const levels = reply.body.items;
  const nameOf = await productNames(visit, levels);
  return table({
    caption: 'Products that run out',
    columns: ['Product', { number: 'Available' }],
    empty: 'Nothing is running out.',
    rows: levels.map((level) => [
      html`<a href="/admin/products/${level.product_id}">${nameOf(level.product_id)}</a>`,
      level.available,
    ]),
  });
}
