import type { CallContext } from '@faultline/chassis/call';
import { ProblemError } from '@faultline/chassis/errors';
import { DependencyError, type HttpClient } from '@faultline/chassis/http-client';
import { isUuid } from '@faultline/chassis/ids';
import { type Product, readProduct } from '@faultline/contracts/catalog';
import type { ProductPage } from '@faultline/contracts/gateway';
import { getAvailability } from '@faultline/contracts/inventory';

type Neighbours = { catalog: HttpClient; inventory: HttpClient };

/**
 * A product with its stock, asked for at once where the id is known. Without the inventory the
 * product is still worth showing: `stock` is null and `degraded` says why.
 * @throws ProblemError `not_found`, or `unavailable` when the catalog does not answer.
 */
export async function readProductPage(
  { catalog, inventory }: Neighbours,
  idOrSlug: string,
  call: CallContext,
): Promise<ProductPage> {
  const known = isUuid(idOrSlug) ? stockOf(inventory, idOrSlug, call) : undefined;
  const product = await productOf(catalog, idOrSlug, call);
  const stock = await (known ?? stockOf(inventory, product.id, call));
  return { ...product, stock: stock ?? null, degraded: stock ? [] : ['inventory'] };
}

async function productOf(catalog: HttpClient, id: string, call: CallContext): Promise<Product> {
  const reply = await catalog.call(readProduct, { params: { id } }, call).catch(catalogMissing);
  if (reply.status === 200) return reply.body;
  throw new ProblemError('not_found', 'There is no such product.');
}

function catalogMissing(error: unknown): never {
  if (!(error instanceof DependencyError)) throw error;
  throw new ProblemError('unavailable', 'Products cannot be read right now.', {
    dependency: 'catalog',
    retryAfterSeconds: 1,
    cause: error,
  });
}

/** Undefined when it cannot be had in the inventory's time. Never fails for want of an answer. */
async function stockOf(
  inventory: HttpClient,
  productId: string,
  call: CallContext,
): Promise<{ available: number } | undefined> {
  try {
    const { body } = await inventory.call(
      getAvailability,
      { body: { product_ids: [productId] } },
      call,
    );
    const item = body.items.find(({ product_id }) => product_id === productId);
    return { available: item?.available ?? 0 };
  } catch (error) {
    if (error instanceof DependencyError) return undefined;
    throw error;
  }
}
