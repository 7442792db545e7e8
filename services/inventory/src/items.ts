import type { StockItem } from '@faultline/contracts/inventory';

/** What is missing of one product. */
export type Shortage = { product_id: string; requested: number; available: number };

/** One item per product, ordered by product: the order in which their stock is locked. */
export function normalizeItems(items: readonly StockItem[]): StockItem[] {
  const quantities = new Map<string, number>();
  for (const { product_id, quantity } of items) {
    quantities.set(product_id, (quantities.get(product_id) ?? 0) + quantity);
  }
  return [...quantities]
    .map(([product_id, quantity]) => ({ product_id, quantity }))
    .toSorted((a, b) => (a.product_id < b.product_id ? -1 : 1));
}

/** Whether two normalized lists ask for the same. */
export function sameItems(a: readonly StockItem[], b: readonly StockItem[]): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index];
      return item.product_id === other?.product_id && item.quantity === other.quantity;
    })
  );
}

/** The items that `available` does not cover; a product it does not know has none. */
export function findShortages(
  items: readonly StockItem[],
  available: ReadonlyMap<string, number>,
): Shortage[] {
  return items.flatMap(({ product_id, quantity }) => {
    const left = available.get(product_id) ?? 0;
    return left < quantity ? [{ product_id, requested: quantity, available: left }] : [];
  });
}
