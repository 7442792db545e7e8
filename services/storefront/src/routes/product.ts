import { ProblemError } from '@faultline/chassis/errors';
import { readProduct, slug as slugSchema } from '@faultline/contracts/catalog';
import { getAvailability } from '@faultline/contracts/inventory';
import { formatName } from '../format.ts';
import { allCategories, type Memory } from '../memory.ts';
import type { PageHandler } from '../shell.ts';
import { productView } from '../views/product.ts';

/** One product, with what is left of it when inventory says. */
export function productPage({ memory }: { memory: Memory }): PageHandler<'product'> {
  return async (visit) => {
    const slug = slugSchema.safeParse(visit.param('slug'));
    if (!slug.success) throw noSuchProduct();
    const reply = await visit.need('catalog', readProduct, { params: { id: slug.data } });
    if (reply.status === 404) throw noSuchProduct();
    const product = reply.body;
    const stock = await visit.want('inventory', getAvailability, {
      body: { product_ids: [product.id] },
    });
    const categories = memory.categories.recall(allCategories)?.value ?? [];
    const category = categories.find((candidate) => candidate.slug === product.category);
    const available = stock?.body.items.find((item) => item.product_id === product.id)?.available;
    return {
      title: product.name,
      body: productView({
        product,
        available,
        categoryName: category?.name ?? formatName(product.category),
      }),
    };
  };
}

function noSuchProduct(): ProblemError {
  return new ProblemError('not_found', 'There is no such product.');
}
