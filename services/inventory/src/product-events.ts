import type { EventHandler } from '@faultline/chassis/consumer';
import { catalogEvents } from '@faultline/contracts/catalog';
import type { InventoryDeps } from './deps.ts';
import { createStock } from './stock-store.ts';

/** What the catalog's events do here: a new product has stock, of which there is none yet. */
export function productHandlers(deps: InventoryDeps): Record<string, EventHandler> {
  return {
    async 'product.created'(event, tx) {
      const { product_id } = catalogEvents.types['product.created'].data.parse(event.data);
      await createStock(tx, deps, { productId: product_id, available: 0 });
    },
  };
}
