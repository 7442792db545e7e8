import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { adminReadProduct as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { reading } from '../database.ts';
import { PRODUCT_COLUMNS, type ProductRow, toProduct } from '../products.ts';

export function readAnyProduct({ postgres }: CatalogDeps): Handler<typeof endpoint> {
  return async ({ params: { id } }) => {
    const sql = `SELECT ${PRODUCT_COLUMNS} FROM products p WHERE p.id = $1`;
    const [row] = await reading(postgres, (read) => read<ProductRow>(sql, [id]));
    if (!row) throw new ProblemError('not_found', 'There is no such product.');
    return { status: 200, body: toProduct(row) };
  };
}
