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

const stores = await service.stores(config, new URL('../migrations', import.meta.url));
const { postgres, redis, outbox } = stores;
if (config.SEED === 'demo') await seed({ postgres, outbox });

service.consumer({
  ...stores,
  contract: imageEvents,
  group: 'catalog',
  handlers: renditionHandlers,
});

const { app, router } = service.app();
mountCatalog(router, { postgres, outbox, clock, cache: new Cache({ redis, clock, log }) });
await service.run(app);
