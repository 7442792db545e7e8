import type { Product } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatMoney } from '../format.ts';
import { picture } from './picture.ts';

const EAGER = 4;

/** Products as a grid of cards; the first row's pictures load at once. */
export function productGrid(products: readonly Product[]): VNode {
  return html`<ul class="products">
    ${products.map((product, index) => html`<li key=${product.id}>${card(product, index)}</li>`)}
  </ul>`;
}

function card(product: Product, index: number): VNode {
  return html`<a class="card" href="/products/${product.slug}">
    ${picture({
      of: product,
      alt: '',
      sizes: '(min-width: 60rem) 15rem, 45vw',
      loading: index < EAGER ? 'eager' : 'lazy',
    })}
    <span class="name">${product.name}</span>
    <span class="price">${formatMoney(product.price)}</span>
  </a>`;
}
