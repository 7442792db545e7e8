import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { quantityMax } from '../basket.ts';
import { formatMoney } from '../format.ts';
import { type Line, lineTotal, type PricedBasket } from '../priced-basket.ts';
import { asOf } from './as-of.ts';
import { picture } from './picture.ts';
import { whatIsLeft } from './stock.ts';

/** The basket. `available` by product id, for those that inventory spoke of. */
export function basketView(options: {
  basket: PricedBasket;
  available: ReadonlyMap<string, number>;
  note: string | undefined;
}): VNode {
  const { basket, available, note } = options;
  if (basket.lines.length === 0) {
    return html`<h1>Your basket</h1>
      <div class="empty">
        <h2>Nothing in it yet</h2>
        <p>What you add is kept here, on this device, for a month.</p>
        <p><a class="button" href="/search">Browse everything</a></p>
      </div>`;
  }
  return html`<h1>Your basket</h1>
    ${note && html`<p class="notice" role="status">${note}</p>`}
    ${basket.asOfMs !== undefined && asOf(basket.asOfMs)}
    <form class="basket" method="post" action="/basket">
      <ul class="lines">
        ${basket.lines.map((line) => basketLine(line, { basket, available }))}
      </ul>
      <div class="sum">
        ${totals(basket)}
        <button type="submit" class="quiet">Update quantities</button>
        ${
          basket.gone.length === 0 && basket.unknown.length === 0
            ? html`<a class="button" href="/checkout">Check out</a>`
            : html`<p class="muted">${blocked(basket)}</p>`
        }
      </div>
    </form>
    <form id="remove" method="post" action="/basket"></form>`;
}

/** What everything costs together. */
export function totals({ totals: sums }: PricedBasket): VNode {
  return html`<p class="total">
    <span>Total</span><strong>${sums.map(formatMoney).join(' + ') || 'unknown right now'}</strong>
  </p>`;
}

function blocked({ gone }: PricedBasket): string {
  return gone.length > 0
    ? 'Remove what is no longer sold to check out.'
    : 'Checking out has to wait until prices are known again.';
}

function basketLine(
  line: Line,
  { basket, available }: { basket: PricedBasket; available: ReadonlyMap<string, number> },
): VNode {
  const { productId, quantity, quote } = line;
  const total = lineTotal(line);
  const of = quote ?? { slug: productId, images: [] };
  const left = available.get(productId);
  const missing = basket.gone.length > 0 ? 'No longer sold' : 'A product we cannot name right now';
  const name = quote?.name ?? missing;
  return html`<li class="line">
    ${picture({ of, alt: '', sizes: '5rem', loading: 'eager' })}
    <div>
      <p class="name">${quote ? html`<a href="/products/${quote.slug}">${name}</a>` : name}</p>
      ${quote && html`<p class="muted">${formatMoney(quote.price)} each</p>`}
      ${left !== undefined && left < quantity && html`<p class="stock few">${whatIsLeft(left)}</p>`}
    </div>
    <div class="amount">
      <label class="hidden" for="q-${productId}">Quantity of ${name}</label>
      <input
        id="q-${productId}"
        name="quantity.${productId}"
        type="number"
        inputmode="numeric"
        min="0"
        max=${quantityMax}
        value=${quantity}
        required
      />
      <button
        type="submit"
        class="plain"
        form="remove"
        name="remove"
        value=${productId}
        aria-label="Remove ${name}"
      >
        Remove
      </button>
    </div>
    <p class="price">${total && formatMoney(total)}</p>
  </li>`;
}
