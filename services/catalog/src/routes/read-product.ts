import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { isUuid } from '@faultline/chassis/ids';
import type { readProduct as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { reading } from '../database.ts';
import { PRODUCT_COLUMNS, type ProductRow, toProduct } from '../products.ts';

export function readProduct({ postgres }: CatalogDeps): Handler<typeof endpoint> {
  return async ({ params }) => {
    // A slug may look like an id; the id wins.
    const [row] = await reading(postgres, (read) =>
      read<ProductRow>(
        `SELECT ${PRODUCT_COLUMNS} FROM products p
         WHERE p.status = 'active' AND (p.id = $1::uuid OR p.slug = $2)
         ORDER BY (p.id = $1::uuid) DESC NULLS LAST LIMIT 1`,
        [isUuid(params.id) ? params.id : null, params.id],
      ),
    );
    if (!row) throw new ProblemError('not_found', 'There is no such product.');
    return { status: 200, body: toProduct(row) };
  };
}
