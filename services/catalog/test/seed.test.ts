import { expect } from 'chai';
import { seedId } from '@faultline/chassis/ids';
import { seed } from '../src/seed.ts';
import { type Catalog, startCatalog } from './catalog.ts';

describe('the demonstration products', () => {
  let catalog: Catalog;
  before(async () => {
    catalog = await startCatalog();
    await seed({ postgres: catalog.db, outbox: catalog.outbox });
  });
  after(() => catalog.stop());

  it('are at least sixty in six categories of different shapes', async () => {
    const { total } = await catalog.read('/api/v1/products?limit=1');
    expect(total).to.be.at.least(64);
    const { items } = await catalog.read('/api/v1/categories');
    expect(items).to.have.length(6);
    const shapes = await Promise.all(
      items.map(async ({ slug }: { slug: string }) => {
        const { facets } = await catalog.read(`/api/v1/products?category=${slug}&limit=1`);
        return facets.map(({ name }: { name: string }) => name).join();
      }),
    );
    expect(new Set(shapes).size).to.equal(6);
  });

  it('have the ids and pictures that the other services expect', async () => {
    const product = await catalog.read('/internal/v1/products/norrvik-65-mist');
    expect(product.id).to.equal(seedId('product', 'norrvik-65-mist'));
    expect(product.image_ids).to.deep.equal([seedId('image', 'norrvik-65-mist')]);
  });

  it('come once; what was edited or archived stays as it is', async () => {
    const id = seedId('product', 'the-slow-outage');
    const { doc } = (await catalog.db.pool.query('SELECT doc FROM products WHERE id = $1', [id]))
      .rows[0];
    await catalog.call('PUT', `/internal/v1/products/${id}`, { ...doc, name: 'New', version: 1 });
    await catalog.call('DELETE', `/internal/v1/products/${seedId('product', 'tallow-lantern')}`);
    const count = async () =>
      (await catalog.db.pool.query('SELECT count(*)::int AS n FROM outbox')).rows[0].n;
    const before = await count();
    await Promise.all([1, 2].map(() => seed({ postgres: catalog.db, outbox: catalog.outbox })));
    expect(await count()).to.equal(before);
    expect((await catalog.read(`/internal/v1/products/${id}`)).name).to.equal('New');
    expect((await catalog.call('GET', '/internal/v1/products/tallow-lantern')).status).to.equal(
      404,
    );
  });

  it('are told as new products, once each', async () => {
    const { rows } = await catalog.db.pool.query(
      `SELECT count(*)::int AS told, count(DISTINCT event ->> 'subject')::int AS products
       FROM outbox WHERE event ->> 'type' = 'product.created'`,
    );
    expect(rows[0].told).to.equal(rows[0].products);
    expect(rows[0].told).to.be.at.least(64);
  });
});
