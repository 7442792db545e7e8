import { expect } from 'chai';
import { expireOverdue } from '../src/expiry.ts';
import { type Inventory, newId, startInventory } from './harness.ts';

describe('reservations', () => {
  let inventory: Inventory;
  before(async () => void (inventory = await startInventory()));
  after(() => inventory.close());

  it('hold all items, or none when one is short, naming what is short', async () => {
    const [plenty, scarce, unknown] = [
      await inventory.product(9),
      await inventory.product(1),
      newId(),
    ];
    const items = [plenty, scarce, unknown].map((product_id) => ({ product_id, quantity: 2 }));

    const refused = await inventory.reserve(newId(), items);
    expect(refused.status).to.equal(409);
    expect(refused.body).to.deep.include({
      reason: 'out_of_stock',
      retryable: false,
      items: [
        { product_id: scarce, requested: 2, available: 1 },
        { product_id: unknown, requested: 2, available: 0 },
      ],
    });
    expect(await inventory.stock(plenty)).to.include({ available: 9, reserved: 0 });

    const held = await inventory.reserve(newId(), [{ product_id: plenty, quantity: 2 }]);
    expect(held).to.deep.include({ status: 200 });
    expect(await inventory.stock(plenty)).to.include({ available: 7, reserved: 2, received: 9 });
  });

  it('can be asked for again under an id that was out of stock before', async () => {
    const [id, product] = [newId(), await inventory.product(1)];
    expect(await inventory.reserve(id, [{ product_id: product, quantity: 2 }])).to.include({
      status: 409,
    });
    expect(await inventory.reserve(id, [{ product_id: product, quantity: 1 }])).to.include({
      status: 200,
    });
  });

  it('are the same reservation for the same id and items, in whatever order', async () => {
    const [id, one, two] = [newId(), await inventory.product(5), await inventory.product(5)];
    const items = [
      { product_id: one, quantity: 1 },
      { product_id: two, quantity: 2 },
    ];
    const first = await inventory.reserve(id, items);
    const second = await inventory.reserve(id, items.toReversed());
    expect(second.body).to.deep.equal(first.body);
    expect(await inventory.stock(two)).to.include({ reserved: 2 });
  });

  it('are refused for a known id with other items', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    await inventory.reserve(id, [{ product_id: product, quantity: 1 }]);
    const other = await inventory.reserve(id, [{ product_id: product, quantity: 2 }]);
    expect(other.status).to.equal(422);
    expect(other.body).to.include({ reason: 'reservation_mismatch' });
    expect(await inventory.stock(product)).to.include({ reserved: 1 });
  });

  it('sell once, however often they are committed', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    await inventory.reserve(id, [{ product_id: product, quantity: 3 }]);
    const replies = await Promise.all([1, 2, 3].map(() => inventory.commit(id)));
    for (const { status, body } of replies) {
      expect(status).to.equal(200);
      expect(body).to.include({ status: 'committed' });
    }
    expect(await inventory.stock(product)).to.include({ available: 2, reserved: 0, sold: 3 });
  });

  it('give reserved pieces back once, however often they are released', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    await inventory.reserve(id, [{ product_id: product, quantity: 3 }]);
    for (const _ of [1, 2]) {
      expect((await inventory.release(id)).body).to.include({ status: 'released' });
    }
    expect(await inventory.stock(product)).to.include({ available: 5, reserved: 0, sold: 0 });
  });

  it('give sold pieces back as a return', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    await inventory.reserve(id, [{ product_id: product, quantity: 3 }]);
    await inventory.commit(id);
    for (const _ of [1, 2]) {
      expect((await inventory.release(id)).body).to.include({ status: 'returned' });
    }
    expect(await inventory.stock(product)).to.include({ available: 5, reserved: 0, sold: 0 });
    expect((await inventory.commit(id)).body).to.include({ reason: 'reservation_released' });
  });

  it('that come after their release are refused and hold nothing', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    expect((await inventory.release(id)).body).to.include({ status: 'released' });
    const late = await inventory.reserve(id, [{ product_id: product, quantity: 1 }]);
    expect(late.status).to.equal(409);
    expect(late.body).to.include({ reason: 'reservation_released' });
    expect(await inventory.stock(product)).to.include({ available: 5, reserved: 0 });
  });

  it('expire once: the stock is free again, committing and reserving again are refused', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    const items = [{ product_id: product, quantity: 3 }];
    await inventory.reserve(id, items);
    await inventory.outlive(id);
    const swept = await Promise.all([expireOverdue(inventory.deps), expireOverdue(inventory.deps)]);
    expect(swept.toSorted()).to.deep.equal([0, 1]);
    expect(await inventory.stock(product)).to.include({ available: 5, reserved: 0 });
    expect((await inventory.commit(id)).body).to.include({ reason: 'reservation_expired' });
    expect((await inventory.reserve(id, items)).body).to.include({ reason: 'reservation_expired' });
    expect((await inventory.release(id)).body).to.include({ status: 'expired' });
    expect(await inventory.events(id)).to.have.length(1);
  });

  it('expire on commit when nobody has swept them yet', async () => {
    const [id, product] = [newId(), await inventory.product(5)];
    await inventory.reserve(id, [{ product_id: product, quantity: 3 }]);
    await inventory.outlive(id);
    expect((await inventory.commit(id)).body).to.include({ reason: 'reservation_expired' });
    expect((await inventory.read(id)).body).to.include({ status: 'expired' });
    expect(await inventory.stock(product)).to.include({ available: 5, reserved: 0, sold: 0 });
    expect(await inventory.events(id)).to.have.length(1);
  });

  it('are not found under an id nobody used', async () => {
    expect((await inventory.read(newId())).status).to.equal(404);
    expect((await inventory.commit(newId())).status).to.equal(404);
  });

  it('refuse quantities that are none', async () => {
    const product = await inventory.product(5);
    for (const quantity of [0, -1, 0.5, 2 ** 53, '1', null]) {
      const response = await fetch(`${inventory.url}/internal/v1/reservations/${newId()}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ items: [{ product_id: product, quantity }], ttl_seconds: 60 }),
      });
      expect(response.status, String(quantity)).to.equal(400);
    }
    expect(await inventory.stock(product)).to.include({ available: 5 });
  });
});
