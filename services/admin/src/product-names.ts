import { quoteProducts } from '@faultline/contracts/catalog';
import type { Visit } from './visit.ts';

/** What to call each of up to 50 products: an archived one by its id, and all when the catalog is down. */
export async function productNames(
  visit: Visit,
  of: readonly { product_id: string }[],
): Promise<(productId: string) => string> {
  if (of.length === 0) return (id) => id;
  const body = { product_ids: of.map((item) => item.product_id) };
  const reply = await visit.want('catalog', quoteProducts, { body });
  const names = new Map(reply?.body.items.map((item) => [item.product_id, item.name]));
  return (id) => names.get(id) ?? (reply ? `Not on sale: ${id}` : id);
}
