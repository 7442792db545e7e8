import { html } from 'htm/preact';
import type { VNode } from 'preact';

const FEW = 5;

/** Whether something can be bought; `available` is undefined when nobody knows. */
export function stock(available: number | undefined): VNode {
  if (available === undefined) {
    const unknown = 'Availability unknown right now. You can order; we check it then.';
    return html`<p class="stock unknown">${unknown}</p>`;
  }
  if (available > FEW) return html`<p class="stock plenty">In stock</p>`;
  return html`<p class="stock ${available > 0 ? 'few' : 'none'}">${whatIsLeft(available)}</p>`;
}

/** `Only 3 left`, `Sold out` */
export function whatIsLeft(available: number): string {
  return available > 0 ? `Only ${available} left` : 'Sold out';
}
