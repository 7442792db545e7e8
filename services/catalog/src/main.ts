import { fileURLToPath } from 'node:url';
import { crashPoint } from '@faultline/chassis/crash';
import { Service } from '@faultline/chassis/service';
import { imageEvents } from '@faultline/contracts/images';
import { mountCatalog } from './app.ts';
import { Cache } from './cache.ts';
import { readConfig } from './config.ts';
import { renditionHandlers } from './renditions.ts';
import { seed } from './seed.ts';

const config = readConfig();
const service = new Service(config);
const { clock, log } = service;
const crash = crashPoint(config.CRASH_POINTS);

const postgres = await service.postgres({
  ...config,
  migrationsDir: fileURLToPath(new URL('../migrations', import.meta.url)),
});
const redis = service.redis(config.REDIS_URL);
const outbox = service.outbox(postgres, redis, crash);
if (config.SEED === 'demo') await seed({ postgres, outbox });

service.consumer({
  contract: imageEvents,
  group: 'catalog',
  handlers: renditionHandlers,
  redis,
  blocking: service.blockingRedis(config.REDIS_URL),
  postgres,
  ...(crash ? { crash } : {}),
});

const { app, router } = service.app();
mountCatalog(router, { postgres, outbox, clock, cache: new Cache({ redis, clock, log }) });
await service.run(app);
