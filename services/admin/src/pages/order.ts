import { adminGetOrder, adminRefundOrder, type Order } from '@faultline/contracts/orders';
import { readAccount } from '@faultline/contracts/profiles';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { formatMoney } from '../view/money.ts';
import { badge, confirmed, facts, formatTime, notice, shortId, table } from '../view/parts.ts';
import { none, type Outcome, type Shown, type Visit } from '../visit.ts';

const path = '/admin/orders';

/** One order, with the refund where it is possible. */
export async function orderPage(visit: Visit, fault?: string): Promise<Shown> {
  const params = { id: visit.id('order') };
  const reply = await visit.need('orders', adminGetOrder, { params });
  if (reply.status === 404) throw none('order');
  const order = reply.body;
  const title = `Order ${shortId(order.id)}`;
  const content = html`<p class="crumb"><a href=${path}>Orders</a></p>
    <h1>${title} ${badge(order.status)}</h1>
    ${notice(fault)} ${failure(order)}
    <div class="columns">
      <div>${items(order)}</div>
      <div class="side">
        <section class="panel">${facts(await factsOf(visit, order))} ${refund(order)}</section>
      </div>
    </div>`;
  return { title, content };
}

/** Refunds an order whole. */
export async function refundOrder(visit: Visit): Promise<Outcome> {
  const id = visit.id('order');
  const reply = await visit.need('orders', adminRefundOrder, { params: { id } });
  if (reply.status === 404) throw none('order');
  if (reply.status === 409) return { ...(await orderPage(visit, reply.body.detail)), status: 409 };
  return { seeOther: `${path}/${id}` };
}

function failure({ failure_reason: reason, failure_detail: detail }: Order): ComponentChildren {
  return reason && notice(`Failed: ${reason.replaceAll('_', ' ')}. ${detail ?? ''}`, 'warn');
}

function items(order: Order): ComponentChildren {
  return table({
    caption: 'Items',
    columns: ['Product', { number: 'Quantity' }, { number: 'Each' }, { number: 'Total' }],
    empty: 'No items.',
    rows: order.lines.map((line) => [
      html`<a href="/admin/products/${line.product_id}">${line.name}</a>`,
      line.quantity,
      formatMoney(line.unit_price),
      formatMoney(line.total),
    ]),
  });
}

async function factsOf(
  visit: Visit,
  order: Order,
): Promise<[name: string, value: ComponentChildren][]> {
  const account = await visit.want('profiles', readAccount, { params: { id: order.account_id } });
  const email = account?.status === 200 ? account.body.email : '';
  const list = `/admin/accounts?q=${encodeURIComponent(email)}`;
  const to = order.shipping_address;
  const lines = [to.name, to.line1, to.line2, `${to.postal_code} ${to.city}`, to.country];
  return [
    ['Total', html`<strong>${formatMoney(order.total)}</strong>`],
    ['Placed (UTC)', formatTime(order.created_at)],
    ['Changed (UTC)', formatTime(order.updated_at)],
    ['Account', email === '' ? order.account_id : html`<a href=${list}>${email}</a>`],
    ['Ships to', lines.filter(Boolean).map((line) => html`${line}<br />`)],
    ['Id', html`<code>${order.id}</code>`],
  ];
}

function refund(order: Order): ComponentChildren {
  if (order.status !== 'confirmed') return null;
  return confirmed({
    action: `${path}/${order.id}/refund`,
    ask: 'Refund order…',
    consequence: 'The whole amount is given back and the items return to the stock.',
    button: `Refund ${formatMoney(order.total)}`,
  });
}
