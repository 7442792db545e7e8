import { fileURLToPath } from 'node:url';
import { crashPoint } from '@faultline/chassis/crash';
import { Service } from '@faultline/chassis/service';
import { catalogEvents } from '@faultline/contracts/catalog';
import { mountInventory } from './app.ts';
import { readConfig } from './config.ts';
import { expireOverdue } from './expiry.ts';
import { productHandlers } from './product-events.ts';
import { seed } from './seed.ts';

const config = readConfig();
const service = new Service(config);
const crash = crashPoint(config.CRASH_POINTS);

const postgres = await service.postgres({
  ...config,
  migrationsDir: fileURLToPath(new URL('../migrations', import.meta.url)),
});
const redis = service.redis(config.REDIS_URL);
const outbox = service.outbox(postgres, redis, crash);
const deps = { postgres, outbox, crash };

// Before the consumer: what is announced as new would otherwise get its empty stock first.
if (config.SEED === 'demo') await seed(deps);

service.consumer({
  contract: catalogEvents,
  group: 'inventory',
  handlers: productHandlers(deps),
  redis,
  blocking: service.blockingRedis(config.REDIS_URL),
  postgres,
  ...(crash ? { crash } : {}),
});
service.every('reservation expiry', config.EXPIRY_INTERVAL_MS, () => expireOverdue(deps));

const { app, router } = service.app();
mountInventory(router, deps);
await service.run(app);
