import type { Handler } from '@faultline/chassis/endpoint';
import { uuidv7 } from '@faultline/chassis/ids';
import type { adminCreateProduct as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { productEvent, stream } from '../product-events.ts';
import { insertProduct } from '../products.ts';

export function createProduct(deps: CatalogDeps): Handler<typeof endpoint> {
  const { postgres, outbox, cache, clock } = deps;
  return async ({ body: draft }) => {
    const product = await postgres.transaction(async (tx) => {
      const created = await insertProduct(tx, uuidv7(clock), draft);
      await outbox.append(tx, stream, productEvent('product.created', created));
      return created;
    });
    outbox.nudge();
    await cache.invalidate();
    return { status: 201, body: product };
  };
}
