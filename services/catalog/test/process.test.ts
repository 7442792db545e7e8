import { fileURLToPath } from 'node:url';
import { type ServiceProcess, startProcess } from '@faultline/chassis/testing/process';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import { searchResult } from '@faultline/contracts/catalog';
import { expect } from 'chai';
import { MIGRATIONS } from './catalog.ts';

const dir = fileURLToPath(new URL('..', import.meta.url));

describe('the catalog process', () => {
  let db: TestDatabase;
  const running: ServiceProcess[] = [];
  before(async () => {
    db = await createTestDatabase(MIGRATIONS);
  });
  after(async () => {
    await Promise.all(running.map((service) => service.stop('SIGKILL')));
    await db.drop();
  });

  it('starts twice at once on one database, seeds it once and serves, then stops cleanly', async () => {
    const starts = [0, 1].map((instance) =>
      startProcess({
        dir,
        env: {
          SERVICE_NAME: 'catalog',
          POD_NAME: `catalog-${instance}`,
          DATABASE_URL: db.url,
          REDIS_URL: testRedisUrl(13),
          SEED: 'demo',
        },
      }),
    );
    running.push(...(await Promise.all(starts)));
    for (const { http } of running) {
      const response = await fetch(`${http}/api/v1/products?q=lamp&limit=5`);
      const { items, total } = searchResult.parse(await response.json());
      expect(items).to.have.length(5);
      expect(total).to.be.above(5);
    }
    const { rows } = await db.pool.query(
      `SELECT (SELECT count(*) FROM products)::int AS products,
         (SELECT count(*) FROM outbox)::int AS told`,
    );
    expect(rows[0].told).to.equal(rows[0].products);
    const ends = await Promise.all(running.map((service) => service.stop()));
    expect(ends.map(({ code }) => code)).to.deep.equal([0, 0]);
  });
});
