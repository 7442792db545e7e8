import type { Order } from '@faultline/contracts/orders';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatCount, formatDay, formatMoney } from '../format.ts';
import { progressOf } from '../order-steps.ts';
import { addressLine } from './address-fields.ts';
import { orderStatus } from './order-status.ts';

/** The part of an order's id that people read out. */
export function orderNumber(id: string): string {
  return id.slice(-8).toUpperCase();
}

export function ordersView(orders: readonly Order[], nextCursor: string | null): VNode {
  if (orders.length === 0) {
    return html`<h1>Your orders</h1>
      <div class="empty">
        <h2>No orders yet</h2>
        <p><a class="button" href="/search">Browse everything</a></p>
      </div>`;
  }
  return html`<h1>Your orders</h1>
    <ul class="orders">
      ${orders.map(orderRow)}
    </ul>
    <nav class="pages" aria-label="Pages">
      ${
        nextCursor &&
        html`<a class="button quiet" href="/orders?cursor=${nextCursor}">Older orders</a>`
      }
    </nav>`;
}

function orderRow(order: Order): VNode {
  const things = order.lines.reduce((sum, { quantity }) => sum + quantity, 0);
  return html`<li>
    <a href="/orders/${order.id}">
      <span class="name">Order ${orderNumber(order.id)}</span>
      <span class="muted"
        ><time datetime=${order.created_at}>${formatDay(order.created_at)}</time
        >${`, ${formatCount(things, 'item')}`}</span
      >
      <span class="badge ${order.status}">${progressOf(order).headline}</span>
      <span class="price">${formatMoney(order.total)}</span>
    </a>
  </li>`;
}

/** One order. Scripts draw what `data-order` marks anew and follow its events. */
export function orderView(order: Order, message: string | undefined): VNode {
  const { settled, cancellable } = progressOf(order);
  return html`<p class="crumb"><a href="/orders">Your orders</a></p>
    <h1>Order ${orderNumber(order.id)}</h1>
    <p class="muted">
      Placed on <time datetime=${order.created_at}>${formatDay(order.created_at)}</time>
    </p>
    ${message && html`<p class="notice bad" role="alert">${message}</p>`}
    <div class="order">
      <div>
        <div data-order=${settled ? undefined : `/orders/${order.id}/events`}>
          ${orderStatus(order)}
        </div>
        <form method="post" action="/orders/${order.id}/cancel" hidden=${!cancellable} data-cancel>
          <button type="submit" class="quiet">Cancel order</button>
        </form>
      </div>
      <section class="sum" aria-labelledby="lines">
        <h2 id="lines">What you ordered</h2>
        <ul>
          ${order.lines.map(
            (line) =>
              html`<li>
                <span>${line.quantity} × <a href="/products/${line.slug}">${line.name}</a></span>
                <span>${formatMoney(line.total)}</span>
              </li>`,
          )}
        </ul>
        <p class="total"><span>Total</span><strong>${formatMoney(order.total)}</strong></p>
        <h3>Goes to</h3>
        <p class="muted">${addressLine(order.shipping_address)}</p>
      </section>
    </div>`;
}
