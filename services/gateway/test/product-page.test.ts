import { expect } from 'chai';
import { eventually } from '@faultline/chassis/testing/eventually';
import { productPage } from '@faultline/contracts/gateway';
import { type Fixture, startGateway } from './fixture.ts';
import { json } from './stub-service.ts';

const product = {
  id: '01980000-0000-7000-8000-0000000000aa',
  slug: 'blue-mug',
  name: 'Blue mug',
  description: 'A mug.',
  category: 'mugs',
  price: { amount: 1_200, currency: 'EUR' },
  attributes: { colour: 'blue' },
  image_ids: [],
  images: [],
  status: 'active',
  version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
};

describe('the product page', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startGateway({ inventoryTimeoutMs: 100 });
  });
  after(() => fixture.stop());
  beforeEach(() => {
    fixture.reset();
    fixture.stubs.catalog.reply = (_req, res) => json(res, 200, product);
    fixture.stubs.inventory.reply = (_req, res) =>
      json(res, 200, { items: [{ product_id: product.id, available: 7 }] });
  });

  async function read(idOrSlug: string) {
    const reply = await fetch(`${fixture.url}/api/v1/products/${idOrSlug}`);
    return { status: reply.status, body: await reply.json() };
  }

  for (const name of [product.id, product.slug]) {
    it(`joins product and stock of ${name}`, async () => {
      const { status, body } = await read(name);
      expect(status).to.equal(200);
      expect(productPage.parse(body)).to.deep.include({ stock: { available: 7 }, degraded: [] });
    });
  }

  it('asks both at once where it can', async () => {
    const release = Promise.withResolvers<void>();
    fixture.stubs.catalog.reply = (_req, res) =>
      void release.promise.then(() => json(res, 200, product));
    const page = read(product.id);
    await eventually(() => expect(fixture.stubs.inventory.received).to.have.length(1));
    release.resolve();
    expect((await page).body.stock).to.deep.equal({ available: 7 });
  });

  it('shows no stock for a product that the inventory does not know', async () => {
    fixture.stubs.inventory.reply = (_req, res) => json(res, 200, { items: [] });
    expect((await read(product.id)).body).to.deep.include({
      stock: { available: 0 },
      degraded: [],
    });
  });

  const failures: Record<string, () => void> = {
    'answers 500': () => {
      fixture.stubs.inventory.reply = (_req, res) => json(res, 500, {});
    },
    'answers nonsense': () => {
      fixture.stubs.inventory.reply = (_req, res) => json(res, 200, { items: 'many' });
    },
    'hangs up': () => {
      fixture.stubs.inventory.early = (req) => req.socket.destroy();
    },
    'does not answer in its time': () => {
      fixture.stubs.inventory.reply = () => undefined;
    },
  };
  for (const [what, fail] of Object.entries(failures)) {
    it(`is shown without stock when the inventory ${what}`, async () => {
      fail();
      for (const name of [product.id, product.slug]) {
        const { status, body } = await read(name);
        expect(status).to.equal(200);
        expect(body).to.deep.include({ name: 'Blue mug', stock: null, degraded: ['inventory'] });
      }
    });
  }

  it('is unavailable without the catalog, and says so', async () => {
    fixture.stubs.catalog.reply = (_req, res) => json(res, 500, {});
    const { status, body } = await read(product.id);
    expect(status).to.equal(503);
    expect(body).to.include({ dependency: 'catalog', retryable: true });
  });

  it('is not found for a product that is not there, nor for what is no name', async () => {
    const problem = {
      type: 'x',
      title: 'x',
      status: 404,
      detail: 'x',
      instance: 'x',
      trace_id: 'x',
    };
    fixture.stubs.catalog.reply = (_req, res) => json(res, 404, { ...problem, retryable: false });
    expect((await read('no-such-mug')).status).to.equal(404);
    expect((await read('No%20such%20mug')).status).to.equal(400);
  });
});
