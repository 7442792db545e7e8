import { readFile } from 'node:fs/promises';
import { seedId } from '@faultline/chassis/ids';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { stockLevel } from '@faultline/contracts/inventory';
import { expect } from 'chai';
import { seed } from '../src/seed.ts';
import { type Inventory, newId, startInventory } from './harness.ts';

describe('stock', () => {
  let inventory: Inventory;
  before(async () => void (inventory = await startInventory()));
  after(() => inventory.close());

  it('of many products is told at once, none for those nobody knows', async () => {
    const [some, unknown] = [await inventory.product(4), newId()];
    const { body } = await inventory.availability([unknown, some, some]);
    expect(body.items).to.deep.equal([
      { product_id: unknown, available: 0 },
      { product_id: some, available: 4 },
    ]);
  });

  it('is set to what shall be available, counting what is reserved and sold', async () => {
    const product = await inventory.product(10);
    const [held, sold] = [newId(), newId()];
    await inventory.reserve(held, [{ product_id: product, quantity: 2 }]);
    await inventory.reserve(sold, [{ product_id: product, quantity: 3 }]);
    await inventory.commit(sold);
    const reply = await inventory.set(product, { available: 1, version: 4 });
    expect(reply.body).to.include({ received: 6, available: 1, reserved: 2, sold: 3, version: 5 });
  });

  it('is not changed by somebody who saw an older version', async () => {
    const product = await inventory.product(10);
    await inventory.set(product, { available: 12, version: 1 });
    const stale = await inventory.set(product, { available: 99, version: 1 });
    expect(stale.status).to.equal(412);
    expect(stale.body).to.include({ reason: 'version_mismatch' });
    expect(await inventory.stock(product)).to.include({ available: 12 });
  });

  it('is created by version 0, once', async () => {
    const product = newId();
    const created = await inventory.set(product, { available: 3, version: 0 });
    expect(created.body).to.include({ received: 3, available: 3, version: 1 });
    expect((await inventory.set(product, { available: 5, version: 0 })).status).to.equal(412);
    expect((await inventory.set(newId(), { available: 5, version: 1 })).status).to.equal(412);
  });

  it('announces every change in order, in the transaction of the change', async () => {
    const [product, id] = [await inventory.product(5), newId()];
    await inventory.reserve(id, [{ product_id: product, quantity: 2 }]);
    await inventory.reserve(newId(), [{ product_id: product, quantity: 9 }]);
    await inventory.commit(id);
    await inventory.release(id);
    const events = await inventory.events(product);
    expect(events.map(({ type, sequence, data }) => ({ type, sequence, data }))).to.deep.equal(
      [5, 3, 3, 5].map((available, index) => ({
        type: 'stock.changed',
        sequence: index + 1,
        data: { product_id: product, available },
      })),
    );
  });

  it('is listed in pages that neither skip nor repeat', async () => {
    for (const available of [1, 2, 3]) await inventory.product(available);
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const { body } = await inventory.list({ limit: 2, ...(cursor ? { cursor } : {}) });
      seen.push(...body.items.map((level) => level.product_id));
      expect(body.items.length).to.be.at.most(2);
      cursor = body.next_cursor;
      if (cursor === null) break;
    }
    const { rows } = await inventory.database.pool.query<{ product_id: string }>(
      'SELECT product_id FROM stock ORDER BY product_id',
    );
    expect(seen).to.deep.equal(rows.map((row) => row.product_id));
  });

  it('can be listed where little is left', async () => {
    const [gone, few, enough] = [
      await inventory.product(0),
      await inventory.product(2),
      await inventory.product(3),
    ];
    const { body } = await inventory.list({ limit: 100, available_below: 3 });
    const listed = body.items.map((level) => level.product_id);
    expect(listed).to.include.members([gone, few]).and.not.include(enough);
    expect(body.items.every((level) => level.available < 3)).to.equal(true);
  });

  it('refuses a cursor it never gave out, and limits beyond bounds', async () => {
    const cursor = Buffer.from("' OR 1=1 --").toString('base64url');
    for (const query of [`cursor=${cursor}`, 'cursor=', 'limit=0', 'limit=1e9', 'sort=sold']) {
      const response = await fetch(`${inventory.url}/internal/v1/stock?${query}`, {
        headers: asPrincipal(newId(), 'admin'),
      });
      expect(response.status, query).to.equal(400);
    }
  });

  it('is shown to admins only', async () => {
    const url = `${inventory.url}/internal/v1/stock/${await inventory.product(5)}`;
    const as = async (headers: Record<string, string>) => await fetch(url, { headers });
    expect((await as({})).status).to.equal(401);
    expect((await as(asPrincipal(newId()))).status).to.equal(403);
    const reply = await as(asPrincipal(newId(), 'admin'));
    expect(stockLevel.parse(await reply.json())).to.include({ available: 5, version: 1 });
    const missing = await fetch(`${inventory.url}/internal/v1/stock/${newId()}`, {
      headers: asPrincipal(newId(), 'admin'),
    });
    expect(missing.status).to.equal(404);
  });

  it('is seeded once, and what is there already is left alone', async () => {
    const file = new URL('../seed/stock.json', import.meta.url);
    const items: { slug: string }[] = JSON.parse(await readFile(file, 'utf8'));
    const ids = [...new Set(items.map(({ slug }) => seedId('product', slug)))];
    expect(ids.length).to.equal(items.length).and.to.be.at.least(60);
    const [kept = ''] = ids;
    await inventory.set(kept, { available: 1, version: 0 });
    await seed(inventory.deps);
    await seed(inventory.deps);
    expect(await inventory.stock(kept)).to.include({ received: 1 });
    for (const id of ids) expect(await inventory.events(id)).to.have.length(1);
    const levels = await Promise.all(ids.map((id) => inventory.stock(id)));
    const available = levels.map((level) => level['available'] ?? -1);
    expect(available.filter((count) => count === 0)).to.have.length.within(2, 8);
    expect(available.filter((count) => count > 0 && count < 5)).to.have.length.within(3, 12);
  });
});
