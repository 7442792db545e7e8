import type { Handler } from '@faultline/chassis/endpoint';
import type { quoteProducts as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { reading } from '../database.ts';
import { PRODUCT_COLUMNS, type ProductRow } from '../products.ts';

/** Never cached: orders are priced by it. */
export function quoteProducts({ postgres }: CatalogDeps): Handler<typeof endpoint> {
  return async ({ body }) => {
    const rows = await reading(postgres, (read) =>
      read<ProductRow>(
        `SELECT ${PRODUCT_COLUMNS} FROM products p
         WHERE p.id = ANY($1::uuid[]) AND p.status = 'active' ORDER BY p.id`,
        [body.product_ids],
      ),
    );
    const items = rows.map(({ id, doc: { slug, name, price }, images }) => {
      return { product_id: id, slug, name, price, images };
    });
    return { status: 200, body: { items } };
  };
}
