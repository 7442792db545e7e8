import type { Address } from '@faultline/contracts/profiles';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { type Basket, formatBasket } from '../basket.ts';
import { formatMoney } from '../format.ts';
import { paymentMethods } from '../payment-methods.ts';
import type { Shortage } from '../place-order.ts';
import { type Line, lineTotal, type PricedBasket } from '../priced-basket.ts';
import { addressFields, placeLine } from './address-fields.ts';
import { asOf } from './as-of.ts';
import { totals } from './basket.ts';
import { correctThis, fieldError, type FormState } from './field.ts';
import { whatIsLeft } from './stock.ts';

export type CheckoutMessage = {
  readonly title: string;
  readonly text: string;
  readonly short?: readonly Shortage[] | undefined;
};

/** The checkout. `key` makes every sending of this very form the same order. */
export function checkoutView(options: {
  items: Basket;
  basket: PricedBasket;
  addresses: readonly Address[];
  form: FormState;
  key: string;
  message: CheckoutMessage | undefined;
}): VNode {
  const { items, basket, addresses, form, key, message } = options;
  return html`<h1>Check out</h1>
    ${
      message &&
      html`<div class="notice bad" role="alert">
        <h2>${message.title}</h2>
        <p>${message.text}</p>
        <p><a href="/basket">Change the basket</a>${' · '}<a href="/orders">Your orders</a></p>
      </div>`
    }
    ${correctThis(form)}
    <form class="checkout" method="post" action="/checkout">
      <input type="hidden" name="key" value=${key} />
      <input type="hidden" name="items" value=${formatBasket(items)} />
      <div>${addressChoice(addresses, form)}${paymentChoice(form)}</div>
      <section class="sum" aria-labelledby="summary">
        <h2 id="summary">Your order</h2>
        <ul>
          ${basket.lines.map((line) => summaryLine(line, message?.short))}
        </ul>
        ${basket.asOfMs !== undefined && asOf(basket.asOfMs)}${totals(basket)}
        <button type="submit">Place order</button>
        <p class="muted">This is a sandbox: no money moves.</p>
      </section>
    </form>`;
}

function summaryLine(line: Line, short: CheckoutMessage['short']): VNode {
  const { productId, quantity, quote } = line;
  const shortage = short?.find(({ product_id }) => product_id === productId);
  const left = whatIsLeft(shortage?.available ?? 0);
  const total = lineTotal(line);
  return html`<li>
    <span>
      ${quantity} × ${quote?.name ?? 'a product'}
      ${shortage && html`<a class="stock few" href="/basket">${left}</a>`}
    </span>
    <span>${total && formatMoney(total)}</span>
  </li>`;
}

function addressChoice(addresses: readonly Address[], form: FormState): VNode {
  const chosen = form.fields['address'] ?? addresses[0]?.id ?? 'new';
  const fields = html`${addressFields(form, { required: addresses.length === 0 })}
    <p class="check">
      <input
        type="checkbox"
        id="save"
        name="save"
        value="yes"
        checked=${form.fields['save'] === 'yes'}
      />
      <label for="save">Keep this address in my account</label>
    </p>`;
  if (addresses.length === 0) {
    return html`<fieldset>
      <legend>Where to?</legend>
      <input type="hidden" name="address" value="new" />
      ${fieldError(form, 'address')}${fields}
    </fieldset>`;
  }
  return html`<fieldset class="address-choice">
    <legend>Where to?</legend>
    ${fieldError(form, 'address')}
    ${addresses.map((address) =>
      radio({
        name: 'address',
        value: address.id,
        label: address.name,
        hint: placeLine(address),
        checked: address.id === chosen,
      }),
    )}
    ${radio({ name: 'address', value: 'new', label: 'Another address', checked: chosen === 'new' })}
    <div class="new-address">${fields}</div>
  </fieldset>`;
}

function paymentChoice(form: FormState): VNode {
  const chosen = form.fields['payment'] ?? 'tok_ok';
  return html`<fieldset>
    <legend>How to pay?</legend>
    ${fieldError(form, 'payment')}
    ${paymentMethods.map(({ token, label, hint }) =>
      radio({ name: 'payment', value: token, label, hint, checked: token === chosen }),
    )}
  </fieldset>`;
}

function radio(options: {
  name: string;
  value: string;
  label: string;
  hint?: string;
  checked: boolean;
}): VNode {
  const { name, value, label, hint, checked } = options;
  const id = `${name}-${value}`;
  return html`<p class="choice">
    <input
      type="radio"
      id=${id}
      name=${name}
      value=${value}
      checked=${checked}
      aria-describedby=${hint ? `${id}-hint` : undefined}
    />
    <label for=${id}>${label}</label>
    ${hint && html`<span class="hint" id="${id}-hint">${hint}</span>`}
  </p>`;
}
