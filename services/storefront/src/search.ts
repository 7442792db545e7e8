import {
  listCategories,
  searchProducts,
  type Category,
  type SearchQuery,
  type SearchResult,
} from '@faultline/contracts/catalog';
import type { Remembered } from './last-good.ts';
import { allCategories, type Memory } from './memory.ts';
import type { Visit } from './visit.ts';

/** The pages that show what the catalog holds. */
type ListingVisit = Visit<'home'> | Visit<'category'> | Visit<'search'>;

/** A search's result; `asOfMs` when it is one from memory because the catalog does not answer. */
export type Found = { result: SearchResult; asOfMs: number | undefined };

/** Searches the catalog. Undefined when it does not answer and this was never asked before. */
export async function search(
  visit: ListingVisit,
  query: SearchQuery,
  memory: Memory,
): Promise<Found | undefined> {
  const key = JSON.stringify(query);
  const reply = await visit.want('catalog', searchProducts, { query });
  if (reply) {
    // What people type is endless and would push out the lists that many look at.
    if (!query.q) memory.listings.remember(key, reply.body);
    return { result: reply.body, asOfMs: undefined };
  }
  const last: Remembered<SearchResult> | undefined = memory.listings.recall(key);
  return last && { result: last.value, asOfMs: last.asOfMs };
}

/** All categories, or the ones last heard of. */
export async function categories(
  visit: ListingVisit,
  memory: Memory,
): Promise<readonly Category[] | undefined> {
  const reply = await visit.want('catalog', listCategories, {});
  if (reply) memory.categories.remember(allCategories, reply.body.items);
  return memory.categories.recall(allCategories)?.value;
}
