import { randomInt } from 'node:crypto';
import { forgetKeys } from '@faultline/chassis/idempotency';
import { Service } from '@faultline/chassis/service';
import pg from 'pg';
import { createOrders, mountOrders } from './app.ts';
import { readConfig } from './config.ts';
import { createOrdersMetrics } from './metrics.ts';

const KEY_RETENTION_HOURS = 24;

const config = readConfig();
const service = new Service(config);
const stores = await service.stores(config, new URL('../migrations', import.meta.url));
const { postgres, outbox, crash } = stores;
const metrics = createOrdersMetrics(service.metrics);
const orders = createOrders({
  ...{ postgres, outbox, metrics, crash, clock: service.clock, log: service.log },
  random: () => randomInt(2 ** 32) / 2 ** 32,
  catalog: service.client('catalog', config.CATALOG_URL, config.CALL_TIMEOUT_MS),
  inventory: service.client('inventory', config.INVENTORY_URL, config.CALL_TIMEOUT_MS),
  payments: service.client('payments', config.PAYMENTS_URL, config.CALL_TIMEOUT_MS),
  createClient: () =>
    new pg.Client({
      connectionString: config.DATABASE_URL,
      application_name: `${config.POD_NAME} listener`,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    }),
  owner: config.POD_NAME,
  callTimeoutMs: config.CALL_TIMEOUT_MS,
  placeWaitMs: config.PLACE_WAIT_MS,
  giveUpMs: config.SAGA_GIVE_UP_MS,
  leaseMs: config.SAGA_LEASE_MS,
  concurrency: config.SAGA_CONCURRENCY,
});
service.background('sagas', (signal) => orders.run(signal));
service.every('saga metrics', 2_000, async () =>
  metrics.inFlight(await orders.sagas.countInFlight()),
);
service.every('idempotency tidy', 600_000, () => forgetKeys(postgres.pool, KEY_RETENTION_HOURS));
const { app, router } = service.app();
mountOrders(router, orders);
await service.run(app);
