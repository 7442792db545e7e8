import { adminListProducts } from '@faultline/contracts/catalog';
import { listStock, setStock as setStockLevel, stockUpdate } from '@faultline/contracts/inventory';
import { idParams } from '@faultline/contracts/common';
import { ProblemError } from '@faultline/chassis/errors';
import { DependencyError } from '@faultline/chassis/http-client';
import { parsePart } from '@faultline/chassis/endpoint';
import { html } from 'htm/preact';
import type { Neighbours } from '../neighbours.ts';
import type { PageHandler, Visit } from '../view/page.ts';
import { nextPage, table } from '../view/parts.ts';
import { notice } from '../view/problem.ts';

const path = '/admin/stock';

/** Stock levels; without the catalog they are shown with ids in place of names. */
export function stockPage(to: Neighbours): PageHandler {
  return async ({ call, query }) => {
    const cursor = query.get('cursor') ?? undefined;
    const request = { query: { limit: 50, ...(cursor && { cursor }) } };
    const [{ body }, names] = await Promise.all([
      to.inventory.call(listStock, request, call),
      productNames(to, call),
    ]);
    const content = html`<h1>Stock</h1>
      ${notice(names === undefined ? 'The service catalog cannot be reached now; products are shown by id.' : undefined)}
      ${notice(query.has('stale') ? 'Somebody else changed that product’s stock meanwhile. Nothing was saved.' : undefined)}
      ${table({
        caption: 'Stock levels',
        columns: ['Product', 'Received', 'Reserved', 'Sold', 'Available'],
        empty: 'No stock yet.',
        rows: body.items.map((level) => {
          const name = names?.get(level.product_id) ?? level.product_id;
          return html`<tr>
            <td><a href="/admin/products/${level.product_id}">${name}</a></td>
            <td class="number">${level.received}</td>
            <td class="number">${level.reserved}</td>
            <td class="number">${level.sold}</td>
            <td>
              <form class="inline" method="post" action="${path}/${level.product_id}">
                <input type="hidden" name="version" value=${level.version} />
                <input
                  class="narrow"
                  type="number"
                  name="available"
                  min="0"
                  max="1000000"
                  value=${level.available}
                  aria-label="Available of ${name}"
                />
                <button aria-label="Set stock of ${name}">Set</button>
              </form>
            </td>
          </tr>`;
        }),
      })}
      ${nextPage(path, query, body.next_cursor)}`;
    return { title: 'Stock', content };
  };
}

/** Sets what is available, unless it changed since the page was shown. */
export function setStock(to: Neighbours): PageHandler {
  return async ({ call, params, form }) => {
    const update = stockUpdate.safeParse({
      available: Number(form.get('available')),
      version: Number(form.get('version')),
    });
    if (!update.success)
      throw new ProblemError('invalid_request', 'Stock is a whole number from 0 to 1,000,000.');
    const target = idParams.parse(parsePart(idParams, 'params', params));
    const reply = await to.inventory.call(
      setStockLevel,
      { params: target, body: update.data },
      call,
    );
    return { redirect: reply.status === 412 ? `${path}?stale` : path };
  };
}

async function productNames(
  to: Neighbours,
  call: Visit['call'],
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const { body } = await to.catalog.call(adminListProducts, { query: { limit: 100 } }, call);
    return new Map(body.items.map((product) => [product.id, product.name]));
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    return undefined;
  }
}
