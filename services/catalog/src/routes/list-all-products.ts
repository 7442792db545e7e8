import { toPage } from '@faultline/chassis/cursor';
import type { Handler } from '@faultline/chassis/endpoint';
import type { adminListProducts as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { fingerprint, type Position, positionOf } from '../cursor.ts';
import { reading } from '../database.ts';
import { PRODUCT_COLUMNS, type ProductRow, toProduct } from '../products.ts';
import { NAME_KEY } from '../search/page.ts';

const SQL = `SELECT ${PRODUCT_COLUMNS}, p.sort_key
  FROM (SELECT p.*, ${NAME_KEY} AS sort_key FROM products p) p
  WHERE ($1 = '' OR strpos(lower(p.name), $1) > 0 OR strpos(p.slug, $1) > 0)
    AND ($2::uuid IS NULL OR (p.sort_key, p.id) > ($3::text, $2::uuid))
  ORDER BY p.sort_key, p.id LIMIT $4`;

export function listAllProducts({ postgres }: CatalogDeps): Handler<typeof endpoint> {
  return async ({ query: { q = '', limit, cursor } }) => {
    const list = fingerprint(['all', q]);
    const after = positionOf(cursor, list);
    const values = [q.toLowerCase(), after?.id ?? null, after?.key ?? null, limit + 1];
    const rows = await reading(postgres, (read) =>
      read<ProductRow & { sort_key: string }>(SQL, values),
    );
    const page = toPage(rows, limit, ({ sort_key: key, id }): Position => ({ list, key, id }));
    return { status: 200, body: { ...page, items: page.items.map(toProduct) } };
  };
}
