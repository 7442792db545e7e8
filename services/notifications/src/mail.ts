import { orderEvents } from '@faultline/contracts/orders';
import type { Money } from '@faultline/contracts/common';
import { html } from 'htm/preact';
import { renderToString } from 'preact-render-to-string';

export type MailKind =
  | 'welcome'
  | 'order_confirmed'
  | 'order_failed'
  | 'order_cancelled'
  | 'order_refunded';

/** A mail as it is sent. */
export type RenderedMail = { subject: string; text: string; html: string };

const failedOrder = orderEvents.types['order.failed'].data;
const anyOrder = orderEvents.types['order.confirmed'].data;

const reasons: Readonly<Record<string, string>> = {
  out_of_stock: 'One of the items was sold out before we could reserve it.',
  payment_declined: 'The payment was declined.',
  product_unavailable: 'One of the items is no longer offered.',
  timed_out: 'We could not complete it in time. Nothing was charged.',
  rejected: 'It could not be accepted.',
};

/** Renders the mail of `kind` for the facts of its event. `name` is the recipient's. */
export function renderMail(kind: MailKind, data: unknown, name: string): RenderedMail {
  if (kind === 'welcome') {
    return layout(
      `Welcome to Faultline, ${name}`,
      [`Hello ${name},`, 'your account is ready. Enjoy the shop.'],
      [],
    );
  }
  const order = anyOrder.parse(data);
  const number = order.order_id.slice(-8).toUpperCase();
  const lines = order.lines.map(
    (line) =>
      `${line.quantity} × ${line.name} — ${formatMoney({ ...line.unit_price, amount: line.unit_price.amount * line.quantity })}`,
  );
  const total = `Total ${formatMoney(order.total)}`;
  switch (kind) {
    case 'order_confirmed':
      return layout(
        `Your order ${number} is confirmed`,
        [`Hello ${name},`, 'thank you. Your order is confirmed and paid:'],
        [...lines, total],
      );
    case 'order_failed': {
      const why = reasons[failedOrder.parse(data).reason] ?? 'It could not be completed.';
      return layout(
        `Your order ${number} could not be completed`,
        [`Hello ${name},`, `we are sorry. ${why}`],
        lines,
      );
    }
    case 'order_cancelled':
      return layout(
        `Your order ${number} is cancelled`,
        [`Hello ${name},`, 'your order is cancelled; anything you paid is on its way back.'],
        [...lines, total],
      );
    case 'order_refunded':
      return layout(
        `Refund for your order ${number}`,
        [`Hello ${name},`, `we have refunded ${formatMoney(order.total)}.`],
        lines,
      );
  }
}

/** Minor units as people write them: `EUR 12.50`. */
function formatMoney(money: Money): string {
  return `${money.currency} ${(money.amount / 100).toFixed(2)}`;
}

function layout(subject: string, paragraphs: string[], list: string[]): RenderedMail {
  const text = [...paragraphs, ...list.map((item) => `  ${item}`), '', 'Faultline Shop'].join('\n');
  const page = html`<html lang="en">
    <body>
      <h1>${subject}</h1>
      ${paragraphs.map((paragraph) => html`<p>${paragraph}</p>`)}
      ${
        list.length > 0 &&
        html`<ul>
          ${list.map((item) => html`<li>${item}</li>`)}
        </ul>`
      }
      <p>Faultline Shop</p>
    </body>
  </html>`;
  return { subject, text, html: `<!doctype html>${renderToString(page)}` };
}
