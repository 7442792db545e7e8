import { expect } from 'chai';
import { type Catalog, draft, startCatalog } from './catalog.ts';

describe('the catalog without Redis', () => {
  let catalog: Catalog;
  before(async () => {
    catalog = await startCatalog({ redisUrl: 'redis://127.0.0.1:1' });
  });
  after(() => catalog.stop());

  it('serves searches and edits from the database', async () => {
    const { id } = await catalog.add({ name: 'Alone' });
    expect((await catalog.read('/api/v1/products?q=alone')).total).to.equal(1);
    await catalog.call('PUT', `/internal/v1/products/${id}`, {
      ...draft({ name: 'Other' }),
      version: 1,
    });
    expect((await catalog.read('/api/v1/products?q=alone')).total).to.equal(0);
    expect((await catalog.read('/api/v1/categories')).items).to.have.length(1);
  });
});

describe('the catalog with Redis', () => {
  let catalog: Catalog;
  before(async () => {
    catalog = await startCatalog();
  });
  after(() => catalog.stop());

  it('answers again from the cache, and shows an edit at once', async () => {
    const { id } = await catalog.add({ name: 'Before' });
    const search = '/api/v1/products?q=before';
    await catalog.read(search);
    await catalog.db.pool.query(`UPDATE products SET status = 'archived' WHERE id = $1`, [id]);
    expect((await catalog.read(search)).total, 'unseen by the cache').to.equal(1);
    await catalog.db.pool.query(`UPDATE products SET status = 'active' WHERE id = $1`, [id]);
    await catalog.call('DELETE', `/internal/v1/products/${id}`);
    expect((await catalog.read(search)).total).to.equal(0);
  });

  it('answers 503 within its bound when the database is too slow', async () => {
    const blocker = await catalog.db.pool.connect();
    await blocker.query('BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE');
    try {
      const { status, body } = await catalog.call('GET', '/api/v1/products?q=slow');
      expect([status, body.reason]).to.deep.equal([503, 'search_timeout']);
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
    expect((await catalog.call('GET', '/api/v1/products?q=slow')).status).to.equal(200);
  });
});
