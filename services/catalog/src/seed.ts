import { readFile } from 'node:fs/promises';
import { seedId } from '@faultline/chassis/ids';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import { productDraft } from '@faultline/contracts/catalog';
import { productEvent, stream } from './product-events.ts';

const FILE = new URL('../seed/products.json', import.meta.url);

/** Adds the demonstration products that were never here; edited and archived ones stay as they are. */
export async function seed(deps: {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
}): Promise<void> {
  const products = productDraft.array().parse(JSON.parse(await readFile(FILE, 'utf8')));
  const rows = products.map((product) => ({
    id: seedId('product', product.slug),
    doc: { ...product, image_ids: [seedId('image', product.slug)] },
  }));
  await deps.postgres.transaction(async (tx) => {
    const { rows: added } = await tx.query<{ id: string; slug: string; name: string }>(
      `INSERT INTO products (id, doc)
       SELECT id, doc FROM jsonb_to_recordset($1) AS seeded (id uuid, doc jsonb)
       ON CONFLICT DO NOTHING RETURNING id, slug, name`,
      [JSON.stringify(rows)],
    );
    for (const product of added) {
      await deps.outbox.append(
        tx,
        stream,
        productEvent('product.created', { ...product, version: 1 }),
      );
    }
  });
  deps.outbox.nudge();
}
