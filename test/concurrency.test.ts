import { randomUUID } from 'node:crypto';
import { product } from '@faultline/contracts/catalog';
import { expect } from 'chai';
import { requireInvariants } from './support/settle.ts';
import { Shop } from './support/shop.ts';
import { sharedSystem } from './support/system.ts';

describe('many at once', function () {
  this.timeout(90_000);
  let shop: Shop;

  before(async function () {
    this.timeout(120_000);
    shop = new Shop(await sharedSystem());
    await shop.stocks({ rarity: 10, lamp: 1_000 });
  });

  it('100 buyers for the last 10 items: ten get one, ninety learn that there are none', async () => {
    const buyers = await shop.customers(100);
    // Whoever is not answered in time asks again, as a browser would.
    const replies = await Promise.all(buyers.map((buyer) => buyer.insistsOn({ rarity: 1 })));
    expect(countBy(replies.map(({ status }) => status))).to.deep.equal({ 201: 10, 409: 90 });
    const refused = replies.filter(({ status }) => status === 409);
    expect(countBy(refused.map(({ body }) => body['reason']))).to.deep.equal({ out_of_stock: 90 });
    expect(await shop.level('rarity')).to.deep.equal({ available: 0, reserved: 0, sold: 10 });
  });

  it('100 posts with one key: one order; the others get its reply, or are told to wait', async () => {
    const buyer = await shop.customer();
    const key = randomUUID();
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => buyer.buys({ lamp: 1 }, { key })),
    );
    const settled = await buyer.insistsOn({ lamp: 1 }, { key });
    expect(settled.status).to.equal(201);
    for (const { status, body, headers } of replies) {
      if (status === 201) expect(body).to.deep.equal(settled.body);
      else if (status === 202) expect(body['id']).to.equal(settled.body['id']);
      else {
        expect(status).to.equal(409);
        expect(body).to.include({ reason: 'request_in_progress', retryable: true });
        expect(headers['retry-after']).to.match(/^\d+$/);
      }
    }
    expect(await buyer.ownOrders()).to.deep.equal([settled.body['id']]);
  });

  it('two admins editing one product: one edit counts, the other is told, nothing is lost', async () => {
    const admin = await shop.admin();
    const { body } = await admin.api.get(`/api/v1/products/${shop.product('lamp').id}`);
    const { id, slug, description, category, price, attributes, image_ids, version } =
      product.parse(body);
    const edit = (name: string) =>
      admin.api.send('PUT', `/api/v1/admin/products/${id}`, {
        body: { slug, description, category, price, attributes, image_ids, version, name },
      });
    const replies = await Promise.all([edit('By one'), edit('By the other')]);
    const won = replies.find(({ status }) => status === 200);
    expect(replies.map(({ status }) => status)).to.have.members([200, 412]);
    const now = product.parse((await admin.api.get(`/api/v1/products/${id}`)).body);
    expect(now).to.include({ name: won?.body['name'], version: version + 1 });
  });

  it('leaves every rule kept', async () => {
    await requireInvariants(shop);
  });
});

function countBy(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}
