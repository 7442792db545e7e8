import { expect } from 'chai';
import fc from 'fast-check';
import { expireOverdue } from '../src/expiry.ts';
import { type Inventory, type Item, newId, startInventory } from './harness.ts';

const SLOTS = 4;
const PRODUCTS = 3;

type Step =
  | { kind: 'reserve'; slot: number; quantities: number[] }
  | { kind: 'commit' | 'release' | 'expire'; slot: number };

const slot = fc.nat(SLOTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('reserve' as const),
    slot,
    quantities: fc.array(fc.nat(4), { minLength: PRODUCTS, maxLength: PRODUCTS }),
  }),
  fc.record({
    kind: fc.constantFrom('commit' as const, 'release' as const, 'expire' as const),
    slot,
  }),
);

type Held = { status: string; items: Item[] };

/** What the inventory shall do, without a database: counts per product, a record per reservation. */
class Model {
  readonly available: Map<string, number>;
  readonly reservations = new Map<number, Held>();

  constructor(products: readonly string[], each: number) {
    this.available = new Map(products.map((product) => [product, each]));
  }

  reserve(index: number, items: Item[]): number {
    const known = this.reservations.get(index);
    if (known && !['reserved', 'committed'].includes(known.status)) return 409;
    if (known) return JSON.stringify(known.items) === JSON.stringify(items) ? 200 : 422;
    const short = items.some((item) => (this.available.get(item.product_id) ?? 0) < item.quantity);
    if (short) return 409;
    this.#add(items, -1);
    this.reservations.set(index, { status: 'reserved', items });
    return 200;
  }

  commit(index: number): number {
    const known = this.reservations.get(index);
    if (!known) return 404;
    if (!['reserved', 'committed'].includes(known.status)) return 409;
    known.status = 'committed';
    return 200;
  }

  release(index: number): number {
    const known = this.reservations.get(index);
    if (!known) this.reservations.set(index, { status: 'released', items: [] });
    else if (known.status === 'reserved' || known.status === 'committed') {
      known.status = known.status === 'reserved' ? 'released' : 'returned';
      this.#add(known.items, 1);
    }
    return 200;
  }

  expire(index: number): void {
    const known = this.reservations.get(index);
    if (known?.status !== 'reserved') return;
    known.status = 'expired';
    this.#add(known.items, 1);
  }

  count(product: string, status: string): number {
    return [...this.reservations.values()]
      .filter((held) => held.status === status)
      .flatMap((held) => held.items)
      .filter((item) => item.product_id === product)
      .reduce((sum, item) => sum + item.quantity, 0);
  }

  #add(items: readonly Item[], sign: 1 | -1): void {
    for (const { product_id, quantity } of items) {
      this.available.set(product_id, (this.available.get(product_id) ?? 0) + sign * quantity);
    }
  }
}

describe('any sequence of operations', () => {
  let inventory: Inventory;
  before(async () => void (inventory = await startInventory()));
  after(() => inventory.close());

  it('answers and counts as the model does', async function () {
    this.timeout(60_000);
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const products = await Promise.all(
        Array.from({ length: PRODUCTS }, () => inventory.product(6)),
      );
      products.sort();
      const ids = Array.from({ length: SLOTS }, () => newId());
      const model = new Model(products, 6);
      for (const next of steps) {
        const { real, expected } = await perform({ inventory, model, products, ids }, next);
        expect(real).to.equal(expected);
      }
      for (const product of products) {
        expect(await inventory.stock(product)).to.deep.equal({
          received: 6,
          available: model.available.get(product),
          reserved: model.count(product, 'reserved'),
          sold: model.count(product, 'committed'),
        });
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

type World = { inventory: Inventory; model: Model; products: string[]; ids: string[] };

async function perform(
  { inventory, model, products, ids }: World,
  next: Step,
): Promise<{ real: number; expected: number }> {
  const id = ids[next.slot] ?? '';
  switch (next.kind) {
    case 'reserve': {
      const items = products
        .map((product_id, index) => ({ product_id, quantity: next.quantities[index] ?? 0 }))
        .filter((item) => item.quantity > 0);
      if (items.length === 0) return { real: 0, expected: 0 };
      const { status } = await inventory.reserve(id, items);
      return { real: status, expected: model.reserve(next.slot, items) };
    }
    case 'commit':
      return { real: (await inventory.commit(id)).status, expected: model.commit(next.slot) };
    case 'release':
      return { real: (await inventory.release(id)).status, expected: model.release(next.slot) };
    case 'expire':
      await inventory.outlive(id);
      await expireOverdue(inventory.deps);
      model.expire(next.slot);
      return { real: 0, expected: 0 };
  }
}
