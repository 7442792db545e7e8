import { Service } from '@faultline/chassis/service';
import { mountAdmin } from './app.ts';
import { readConfig } from './config.ts';
import { renderAdminProblem } from './view/problem.ts';

const CALL_TIMEOUT_MS = 5_000;

const config = readConfig();
const service = new Service(config);
const client = (name: string, url: string) => service.client(name, url, CALL_TIMEOUT_MS);

const { app, router } = service.app({ renderProblem: renderAdminProblem });
mountAdmin(router, {
  neighbours: {
    catalog: client('catalog', config.CATALOG_URL),
    inventory: client('inventory', config.INVENTORY_URL),
    orders: client('orders', config.ORDERS_URL),
    profiles: client('profiles', config.PROFILES_URL),
  },
  clock: service.clock,
});
await service.run(app);
