import { adminListProducts } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import { formatMoney } from '../view/money.ts';
import { badge, nextPage, searchForm, table } from '../view/parts.ts';
import type { Outcome, Visit } from '../visit.ts';

const path = '/admin/products';

/** All products by name, archived ones too. */
export async function productsPage(visit: Visit): Promise<Outcome> {
  const query = visit.listQuery(adminListProducts.query);
  const { body } = await visit.need('catalog', adminListProducts, { query });
  const content = html`<div class="head">
      <h1>Products</h1>
      <a class="button" href="${path}/new">New product</a>
    </div>
    ${searchForm(path, 'Find products', query.q ?? '')}
    ${table({
      caption: 'Products',
      columns: ['Name', 'Category', { number: 'Price' }, 'Status'],
      empty: 'No products match.',
      rows: body.items.map((product) => [
        html`<a href="${path}/${product.id}">${product.name}</a>`,
        product.category,
        formatMoney(product.price),
        badge(product.status),
      ]),
    })}
    ${nextPage(path, visit.query, body.next_cursor)}`;
  return { title: 'Products', content };
}
