import { readFile } from 'node:fs/promises';
import { seedId } from '@faultline/chassis/ids';
import { z } from 'zod';
import { change, type InventoryDeps } from './deps.ts';
import { createStock } from './stock-store.ts';

const seedFile = new URL('../seed/stock.json', import.meta.url);
const seedStock = z.array(z.strictObject({ slug: z.string(), available: z.number().int().min(0) }));

/** Brings the demonstration stock; products that have stock already are left as they are. */
export async function seed(deps: InventoryDeps): Promise<void> {
  const items = seedStock.parse(JSON.parse(await readFile(seedFile, 'utf8')));
  await change(deps, 'seed', async (tx) => {
    for (const { slug, available } of items) {
      await createStock(tx, deps, { productId: seedId('product', slug), available });
    }
  });
}
