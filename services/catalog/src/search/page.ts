import { toPage } from '@faultline/chassis/cursor';
import { ProblemError } from '@faultline/chassis/errors';
import type { Product, SearchQuery } from '@faultline/contracts/catalog';
import type { Position } from '../cursor.ts';
import { Parameters, type Read } from '../database.ts';
import { PRODUCT_COLUMNS, type ProductRow, toProduct } from '../products.ts';
import { type Criteria, matching } from './filters.ts';

type Order = { key: string; type: 'numeric' | 'text'; direction: 'ASC' | 'DESC' };

/** Compared as people sort names; cut so that a cursor stays short. */
export const NAME_KEY = 'left(lower(p.name), 60) COLLATE "und-x-icu"';

/** Every order ends by id, which sorts by age, so it is total and a cursor's place is stable. */
function orderOf(sort: SearchQuery['sort'], rank: string): Order {
  switch (sort) {
    case 'relevance':
      return { key: rank, type: 'numeric', direction: 'DESC' };
    case 'newest':
      return { key: '0::numeric', type: 'numeric', direction: 'DESC' };
    case 'name':
      return { key: NAME_KEY, type: 'text', direction: 'ASC' };
    case 'price':
      return { key: 'p.price_amount::numeric', type: 'numeric', direction: 'ASC' };
    case '-price':
      return { key: 'p.price_amount::numeric', type: 'numeric', direction: 'DESC' };
    default:
      return sort satisfies never;
  }
}

/** One page of `list`, as the products that match `criteria` are called in cursors. */
export async function readPage(
  read: Read,
  criteria: Criteria,
  { list, after, limit }: { list: string; after: Position | undefined; limit: number },
): Promise<{ items: Product[]; next_cursor: string | null }> {
  const parameters = new Parameters();
  const { where, rank } = matching(criteria, parameters);
  const order = orderOf(criteria.sort, rank);
  const rows = await read<ProductRow & { sort_key: string }>(
    `SELECT ${PRODUCT_COLUMNS}, p.sort_key::text AS sort_key
     FROM (SELECT p.*, ${order.key} AS sort_key FROM products p WHERE ${where}) p
     ${after ? `WHERE ${beyond(order, after, parameters)}` : ''}
     ORDER BY p.sort_key ${order.direction}, p.id ${order.direction}
     LIMIT ${parameters.add(limit + 1)}`,
    parameters.values,
  );
  const page = toPage(rows, limit, ({ sort_key: key, id }): Position => ({ list, key, id }));
  return { ...page, items: page.items.map(toProduct) };
}

function beyond(order: Order, { key, id }: Position, parameters: Parameters): string {
  if (order.type === 'numeric' && !/^\d+(\.\d+)?$/.test(key)) {
    throw new ProblemError('invalid_request', 'The cursor is not one of this list.');
  }
  const place = `${parameters.add(key)}::${order.type}, ${parameters.add(id)}::uuid`;
  return `(p.sort_key, p.id) ${order.direction === 'ASC' ? '>' : '<'} (${place})`;
}
