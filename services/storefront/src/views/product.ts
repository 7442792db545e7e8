import type { Product } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { quantityMax } from '../basket.ts';
import { formatAttribute, formatMoney } from '../format.ts';
import { picture, renditionsOf } from './picture.ts';
import { stock } from './stock.ts';

/** One product. `available` is undefined when nobody knows. */
export function productView(options: {
  product: Product;
  categoryName: string;
  available: number | undefined;
}): VNode {
  const { product, categoryName, available } = options;
  return html`<article class="product">
    ${gallery(product)}
    <div class="facts">
      <p class="crumb"><a href="/categories/${product.category}">${categoryName}</a></p>
      <h1>${product.name}</h1>
      <p class="price">
        ${formatMoney(product.price)}${' '}<small class="muted">${product.price_label}</small>
      </p>
      ${stock(available)}${addForm(product, available)}
      <p class="description">${product.description}</p>
      ${attributes(product)}
    </div>
  </article>`;
}

function gallery(product: Product): VNode {
  const others = product.images.slice(1).filter((image) => renditionsOf(image).length > 0);
  return html`<div class="gallery">
    ${picture({
      of: product,
      alt: product.name,
      sizes: '(min-width: 60rem) 36rem, 100vw',
      loading: 'eager',
    })}
    ${
      others.length > 0 &&
      html`<ul>
        ${others.map((image, index) => {
          const alt = `${product.name}, picture ${index + 2}`;
          const of = { slug: product.slug, images: [image] };
          return html`<li>
            <a href=${renditionsOf(image).at(-1)?.url}
              >${picture({ of, alt, sizes: '9rem', loading: 'lazy' })}</a
            >
          </li>`;
        })}
      </ul>`
    }
  </div>`;
}

function addForm(product: Product, available: number | undefined): VNode | null {
  if (available !== undefined && available <= 0) return null;
  const most = Math.min(quantityMax, available ?? quantityMax);
  return html`<form class="add" method="post" action="/basket/items">
    <input type="hidden" name="product_id" value=${product.id} />
    <div class="field">
      <label for="quantity">Quantity</label>
      <input
        id="quantity"
        name="quantity"
        type="number"
        inputmode="numeric"
        min="1"
        max=${most}
        value="1"
        required
      />
    </div>
    <button type="submit">Add to basket</button>
  </form>`;
}

function attributes({ attributes: own }: Product): VNode | null {
  const rows = Object.entries(own);
  if (rows.length === 0) return null;
  return html`<table class="attributes">
    <caption>
      Details
    </caption>
    <tbody>
      ${rows.map(([name, value]) => {
        const { label, text } = formatAttribute(name, value);
        return html`<tr>
          <th scope="row">${label}</th>
          <td>${text}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
