import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { expireOverdue } from '../src/expiry.ts';
import { type Inventory, newId, startInventory } from './harness.ts';

function times<T>(count: number, task: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => task(index));
}

describe('many at once', () => {
  let inventory: Inventory;
  before(async () => void (inventory = await startInventory()));
  after(() => inventory.close());

  it('100 buyers of the last 10 pieces: ten get one, ninety are told', async () => {
    const product = await inventory.product(10);
    const replies = await Promise.all(
      times(100, () => {
        const id = newId();
        // Who is told on a busy machine that the database has no time for him comes again.
        return eventually(() => inventory.reserve(id, [{ product_id: product, quantity: 1 }]));
      }),
    );
    const won = replies.filter((reply) => reply.status === 200);
    const lost = replies.filter((reply) => reply.status === 409);
    expect([won.length, lost.length]).to.deep.equal([10, 90]);
    for (const { body } of lost) expect(body).to.include({ reason: 'out_of_stock' });
    expect(await inventory.stock(product)).to.deep.equal({
      received: 10,
      available: 0,
      reserved: 10,
      sold: 0,
    });
  });

  it('one id from 50 callers: one reservation, the same answer to all', async () => {
    const [id, product] = [newId(), await inventory.product(100)];
    const items = [{ product_id: product, quantity: 2 }];
    const replies = await Promise.all(times(50, () => inventory.reserve(id, items)));
    const bodies = new Set(replies.map((reply) => JSON.stringify(reply.body)));
    expect(replies.every((reply) => reply.status === 200)).to.equal(true);
    expect(bodies.size).to.equal(1);
    expect(await inventory.stock(product)).to.include({ available: 98, reserved: 2 });
  });

  it('opposing orders of the same products: no deadlock, nothing lost', async () => {
    const products = await Promise.all(times(5, () => inventory.product(1_000)));
    const items = products.map((product_id) => ({ product_id, quantity: 1 }));
    const ids = times(60, () => newId());
    const replies = await Promise.all(
      ids.map((id, index) => inventory.reserve(id, index % 2 ? items : items.toReversed())),
    );
    expect(replies.every((reply) => reply.status === 200)).to.equal(true);
    await Promise.all(
      ids.map((id, index) => (index % 2 ? inventory.commit(id) : inventory.release(id))),
    );
    for (const product of products) {
      expect(await inventory.stock(product)).to.include({ available: 970, reserved: 0, sold: 30 });
    }
    expect(await deadlocks(inventory)).to.equal(0);
  });

  it('a commit against the expiry: one of them wins, and the stock says the same', async () => {
    const product = await inventory.product(40);
    const ids = times(40, () => newId());
    for (const id of ids) await inventory.reserve(id, [{ product_id: product, quantity: 1 }]);
    const overdue = ids.filter((_, index) => index % 2 === 0);
    await Promise.all(overdue.map((id) => inventory.outlive(id)));
    const [replies] = await Promise.all([
      Promise.all(ids.map((id) => inventory.commit(id))),
      ...times(4, () => expireOverdue(inventory.deps)),
    ]);
    const sold = replies.filter((reply) => reply.status === 200);
    expect(sold).to.have.length(20);
    expect(await inventory.stock(product)).to.include({ available: 20, reserved: 0, sold: 20 });
    for (const id of overdue) expect(await inventory.events(id)).to.have.length(1);
  });

  it('a release against a commit ends with all pieces available again', async () => {
    const product = await inventory.product(20);
    const ids = times(20, () => newId());
    for (const id of ids) await inventory.reserve(id, [{ product_id: product, quantity: 1 }]);
    await Promise.all(ids.flatMap((id) => [inventory.commit(id), inventory.release(id)]));
    expect(await inventory.stock(product)).to.include({ available: 20, reserved: 0, sold: 0 });
  });

  it('a release against the reservation it belongs to never leaves stock held', async () => {
    const product = await inventory.product(20);
    const ids = times(20, () => newId());
    const items = [{ product_id: product, quantity: 1 }];
    await Promise.all(ids.flatMap((id) => [inventory.reserve(id, items), inventory.release(id)]));
    expect(await inventory.stock(product)).to.include({ available: 20, reserved: 0 });
  });

  it('two admins editing one product: the second is told', async () => {
    const product = await inventory.product(3);
    const replies = await Promise.all(
      [7, 8].map((available) => inventory.set(product, { available, version: 1 })),
    );
    expect(replies.map((reply) => reply.status).toSorted()).to.deep.equal([200, 412]);
  });
});

async function deadlocks(inventory: Inventory): Promise<number> {
  const { rows } = await inventory.database.pool.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return rows[0]?.deadlocks ?? -1;
}
