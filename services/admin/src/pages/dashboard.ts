import { DependencyError } from '@faultline/chassis/http-client';
import { listStock } from '@faultline/contracts/inventory';
import { adminListOrders } from '@faultline/contracts/orders';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { Neighbours } from '../neighbours.ts';
import { badge, formatMoney, formatTime } from '../view/parts.ts';
import type { PageHandler } from '../view/page.ts';

const LOW_STOCK = 5;

/** Newest orders and what runs out. Each card says by itself when its service cannot be reached. */
export function dashboardPage(to: Neighbours): PageHandler {
  return async ({ call }) => {
    const [orders, stock] = await Promise.all([
      card(async () => {
        const { body } = await to.orders.call(adminListOrders, { query: { limit: 8 } }, call);
        if (body.items.length === 0) return html`<p class="muted">No orders yet.</p>`;
        return html`<ul class="list">
          ${body.items.map(
            (order) =>
              html`<li>
                <a href="/admin/orders/${order.id}">${order.id.slice(-8).toUpperCase()}</a>
                ${badge(order.status)} ${formatMoney(order.total)} ${formatTime(order.created_at)}
              </li>`,
          )}
        </ul>`;
      }),
      card(async () => {
        const { body } = await to.inventory.call(listStock, { query: { limit: 100 } }, call);
        const low = body.items.filter((level) => level.available < LOW_STOCK).slice(0, 8);
        if (low.length === 0) return html`<p class="muted">Nothing is running out.</p>`;
        return html`<ul class="list">
          ${low.map(
            (level) =>
              html`<li>
                <a href="/admin/products/${level.product_id}">${level.product_id.slice(-8)}</a>
                ${level.available} left
              </li>`,
          )}
        </ul>`;
      }),
    ]);
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
          <p><a href="/admin/stock">All stock</a></p>
        </section>
      </div>`;
    return { title: 'Overview', content };
  };
}

async function card(load: () => Promise<ComponentChildren>): Promise<ComponentChildren> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    return html`<p class="notice" role="alert">
      The service ${error.dependency} cannot be reached now.
    </p>`;
  }
}
