import type { Handler } from '@faultline/chassis/endpoint';
import type { searchProducts as endpoint, SearchResult } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { fingerprint, positionOf } from '../cursor.ts';
import { reading } from '../database.ts';
import { summarise } from '../search/facets.ts';
import { criteriaOf } from '../search/filters.ts';
import { readPage } from '../search/page.ts';

export function searchProducts({ postgres, cache }: CatalogDeps): Handler<typeof endpoint> {
  return async ({ query }) => {
    const criteria = criteriaOf(query);
    const { limit, cursor } = query;
    const list = fingerprint(criteria);
    const after = positionOf(cursor, list);
    const body = await cache.get(`search:${fingerprint([list, limit, after])}`, () =>
      reading(postgres, async (read): Promise<SearchResult> => {
        const page = await readPage(read, criteria, { list, after, limit });
        return { ...page, ...(await summarise(read, criteria)) };
      }),
    );
    return { status: 200, body };
  };
}
