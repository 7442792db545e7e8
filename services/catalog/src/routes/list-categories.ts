import type { Handler } from '@faultline/chassis/endpoint';
import type { Category, listCategories as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { reading } from '../database.ts';

/** Far more than a shop can show. */
const CATEGORIES_MAX = 200;

export function listCategories({ postgres, cache }: CatalogDeps): Handler<typeof endpoint> {
  return async () => {
    const items = await cache.get('categories', () =>
      reading(postgres, async (read) => {
        const rows = await read<{ slug: string; product_count: number }>(
          `SELECT category AS slug, count(*)::int AS product_count FROM products
           WHERE status = 'active' GROUP BY category ORDER BY category LIMIT $1`,
          [CATEGORIES_MAX],
        );
        return rows.map((row): Category => ({ ...row, name: nameOf(row.slug) }));
      }),
    );
    return { status: 200, body: { items } };
  };
}

/** `garden-tools` is called “Garden tools”. */
function nameOf(slug: string): string {
  const words = slug.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
