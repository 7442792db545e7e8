import type { NewEvent } from '@faultline/chassis/events';
import { catalogEvents, type Product } from '@faultline/contracts/catalog';

export const { stream } = catalogEvents;

/** The event of a product that is new or different; its sequence is the product's version. */
export function productEvent(
  type: 'product.created' | 'product.changed',
  { id, slug, name, version }: Pick<Product, 'id' | 'slug' | 'name' | 'version'>,
): NewEvent {
  return {
    type,
    version: catalogEvents.types[type].version,
    subject: id,
    sequence: version,
    data: { product_id: id, slug, name },
  };
}

/** The event of a product taken off the shop. */
export function archivedEvent(id: string, version: number): NewEvent {
  const type = 'product.archived';
  return {
    type,
    version: catalogEvents.types[type].version,
    subject: id,
    sequence: version,
    data: { product_id: id },
  };
}
