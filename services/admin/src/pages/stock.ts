import { listStock } from '@faultline/contracts/inventory';
import { html } from 'htm/preact';
import { productNames } from '../product-names.ts';
import { changeStock, type RefusedStock } from '../stock-change.ts';
import { filters, nextPage, notice, table, withQuery } from '../view/parts.ts';
import { stockForm } from '../view/stock-form.ts';
import type { Outcome, Shown, Visit } from '../visit.ts';

const path = '/admin/stock';

/** Less than this of a product is running out. */
export const LOW_STOCK = 5;

/** Stock levels of all products. */
export async function stockPage(visit: Visit, refused?: RefusedStock): Promise<Shown> {
  const query = visit.listQuery(listStock.query);
  const { body } = await visit.need('inventory', listStock, { query });
  const nameOf = await productNames(visit, body.items);
  const low = query.available_below !== undefined;
  const content = html`<h1>Stock</h1>
    ${notice(refused?.notice)}
    ${filters('Stock levels', [
      { href: path, label: 'all', current: !low },
      { href: `${path}?available_below=${LOW_STOCK}`, label: 'running out', current: low },
    ])}
    ${table({
      caption: 'Stock levels',
      columns: [
        'Product',
        { number: 'Received' },
        { number: 'Reserved' },
        { number: 'Sold' },
        { number: 'Available' },
      ],
      empty: low ? 'Nothing is running out.' : 'No stock yet.',
      rows: body.items.map((level) => {
        const id = level.product_id;
        const name = nameOf(id);
        return [
          html`<a href="/admin/products/${id}">${name}</a>`,
          level.received,
          level.reserved,
          level.sold,
          stockForm({
            action: withQuery(`${path}/${id}`, visit.query),
            name,
            level,
            refused: refused?.productId === id ? refused : undefined,
          }),
        ];
      }),
    })}
    ${nextPage(path, visit.query, body.next_cursor)}`;
  return { title: 'Stock', content };
}

/** Sets what is available, unless it changed since the page was shown. */
export async function setStock(visit: Visit): Promise<Outcome> {
  const refused = await changeStock(visit);
  if (refused) return { ...(await stockPage(visit, refused)), status: refused.status };
  return { seeOther: withQuery(path, visit.query) };
}
