import { Service } from '@faultline/chassis/service';
import { catalogEvents } from '@faultline/contracts/catalog';
import { mountInventory } from './app.ts';
import { readConfig } from './config.ts';
import { expireOverdue } from './expiry.ts';
import { productHandlers } from './product-events.ts';
import { seed } from './seed.ts';

const config = readConfig();
const service = new Service(config);

const stores = await service.stores(config, new URL('../migrations', import.meta.url));

// Before the consumer: what is announced as new would otherwise get its empty stock first.
if (config.SEED === 'demo') await seed(stores);

service.consumer({
  ...stores,
  contract: catalogEvents,
  group: 'inventory',
  handlers: productHandlers(stores),
});
service.every('reservation expiry', config.EXPIRY_INTERVAL_MS, () => expireOverdue(stores));

const { app, router } = service.app();
mountInventory(router, stores);
await service.run(app);
