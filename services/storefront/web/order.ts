import type { Order } from '@faultline/contracts/orders';
import { render } from 'preact';
import { progressOf } from '../src/order-steps.ts';
import { orderStatus } from '../src/views/order-status.ts';

const LOOK_AGAIN_MS = 5_000;

const place = document.querySelector<HTMLElement>('[data-order]');
if (place?.dataset['order']) follow(place, place.dataset['order']);

/** Draws an order's status anew with each of its events, until nothing will change any more. */
function follow(root: HTMLElement, url: string): void {
  const events = new EventSource(url);
  events.addEventListener('order', ({ data }: MessageEvent<string>) => {
    // Our own server wrote it, by the contract.
    const order = JSON.parse(data) as Order;
    const { settled, cancellable } = progressOf(order);
    render(orderStatus(order), root);
    const cancel = document.querySelector<HTMLFormElement>('[data-cancel]');
    if (cancel) cancel.hidden = !cancellable;
    if (settled) events.close();
  });
  events.addEventListener('error', () => {
    // Browsers reconnect by themselves unless they were refused.
    if (events.readyState === EventSource.CLOSED)
      setTimeout(() => location.reload(), LOOK_AGAIN_MS);
  });
}
