import { fileURLToPath } from 'node:url';
import { connectRedis, disconnectRedis } from '@faultline/chassis/redis';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import { type ServiceProcess, startProcess } from '@faultline/chassis/testing/process';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import { expect } from 'chai';
import { migrationsDir, newId } from './harness.ts';

const dir = fileURLToPath(new URL('..', import.meta.url));
/** A logical database that no other test publishes to. */
const REDIS_INDEX = 3;

describe('the inventory process', () => {
  let database: TestDatabase;
  let redis: ReturnType<typeof connectRedis>;
  const running: ServiceProcess[] = [];

  before(async () => {
    database = await createTestDatabase(migrationsDir);
    redis = connectRedis({ url: testRedisUrl(REDIS_INDEX), log: silentLog });
    await eventually(() => redis.flushdb());
  });

  after(async () => {
    await Promise.all(running.map((service) => service.stop('SIGKILL')));
    await disconnectRedis(redis);
    await database.drop();
  });

  async function start(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const service = await startProcess({
      dir,
      env: {
        SERVICE_NAME: 'inventory',
        POD_NAME: `inventory-${running.length}`,
        DATABASE_URL: database.url,
        REDIS_URL: testRedisUrl(REDIS_INDEX),
        EXPIRY_INTERVAL_MS: '20',
        ...env,
      },
    });
    running.push(service);
    return service;
  }

  async function reserve(service: ServiceProcess, id: string, product: string, ttlSeconds: number) {
    return await fetch(`${service.http}/internal/v1/reservations/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        items: [{ product_id: product, quantity: 1 }],
        ttl_seconds: ttlSeconds,
      }),
    });
  }

  async function levels(product: string): Promise<Record<string, number> | undefined> {
    const { rows } = await database.pool.query<Record<string, number>>(
      'SELECT available, reserved, version FROM stock WHERE product_id = $1',
      [product],
    );
    return rows[0];
  }

  it('brings stock for new products, sells, expires, publishes and drains', async () => {
    const service = await start({ SEED: 'demo' });
    expect((await fetch(`${service.admin}/readyz`)).status).to.equal(200);
    const { rows } = await database.pool.query('SELECT FROM stock');
    expect(rows.length).to.be.at.least(60);

    const product = newId();
    await announceProduct(product);
    await announceProduct(product);
    await eventually(async () => expect(await levels(product)).to.include({ available: 0 }));
    await database.pool.query(
      'UPDATE stock SET received = 5, available = 5 WHERE product_id = $1',
      [product],
    );

    const id = newId();
    expect((await reserve(service, id, product, 1)).status).to.equal(200);
    expect(await levels(product)).to.include({ available: 4, reserved: 1 });
    await eventually(async () => expect(await levels(product)).to.include({ available: 5 }));
    await eventually(async () => expect(await publishedTypes(id)).to.eql(['reservation.expired']));
    expect(await publishedTypes(product)).to.eql(Array.from({ length: 3 }, () => 'stock.changed'));
    expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
  });

  for (const point of ['before-commit', 'after-commit']) {
    it(`killed ${point} of a reservation, holds it exactly once after the retry`, async () => {
      const [product, id] = [newId(), newId()];
      await database.pool.query(
        'INSERT INTO stock (product_id, received, available) VALUES ($1, 5, 5)',
        [product],
      );
      const doomed = await start({ CRASH_POINTS: `inventory.reserve.${point}` });
      const lost = await reserve(doomed, id, product, 60).catch((error: unknown) => error);
      expect(lost).to.be.instanceOf(TypeError);
      expect((await doomed.ended).signal).to.equal('SIGKILL');
      expect(await levels(product)).to.include({ reserved: point === 'after-commit' ? 1 : 0 });

      const service = await start();
      expect((await reserve(service, id, product, 60)).status).to.equal(200);
      expect(await levels(product)).to.include({ available: 4, reserved: 1 });
      await service.stop();
    });
  }

  it('refuses to start without a database, naming the variable', async () => {
    const failure = await start({ DATABASE_URL: '' }).catch((error: unknown) => error);
    expect(String(failure)).to.include('DATABASE_URL');
  });

  async function announceProduct(product: string): Promise<void> {
    const event = {
      id: newId(),
      type: 'product.created',
      version: 1,
      subject: product,
      sequence: 1,
      time: '2026-01-01T00:00:00.000Z',
      data: { product_id: product, slug: 'a-new-one', name: 'A new one' },
    };
    await redis.xadd('catalog.events', '*', 'event', JSON.stringify(event));
  }

  async function publishedTypes(subject: string): Promise<string[]> {
    const entries = await redis.xrange('inventory.events', '-', '+');
    const events: { subject: string; type: string }[] = entries.map(([, fields]) =>
      JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}'),
    );
    return events.filter((event) => event.subject === subject).map((event) => event.type);
  }
});
