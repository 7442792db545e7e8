import type { Order } from '@faultline/contracts/orders';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { progressOf } from '../order-steps.ts';

const spoken = {
  done: 'done',
  now: 'under way',
  waiting: 'not yet',
  failed: 'failed',
  undone: 'done',
} as const;

/** How far an order is. Browsers draw it anew with every event, so it imports no server code. */
export function orderStatus(
  order: Pick<Order, 'status' | 'failure_reason' | 'failure_detail'>,
): VNode {
  const { headline, explanation, steps } = progressOf(order);
  return html`<div class="order-status ${order.status}">
    <p class="headline" role="status">${headline}</p>
    <p>${explanation}</p>
    <ol class="steps">
      ${steps.map(
        ({ label, state }) =>
          html`<li class=${state} aria-current=${state === 'now' ? 'step' : undefined}>
            ${label}<span class="hidden">: ${spoken[state]}</span>
          </li>`,
      )}
    </ol>
  </div>`;
}
