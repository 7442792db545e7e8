import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createForwarder } from '@faultline/chassis/forward';
import { Service } from '@faultline/chassis/service';
import { createStorefront } from './app.ts';
import { Assets } from './assets.ts';
import { readConfig } from './config.ts';
import { EventStreams } from './routes/order-events.ts';

/** Bounds every call; pages have shorter budgets of their own. */
const CALL_TIMEOUT_MS = 15_000;

const config = readConfig();
const service = new Service(config);
const { clock } = service;
const streams = new EventStreams();

const storefront = createStorefront({
  neighbours: {
    catalog: service.client('catalog', config.CATALOG_URL, CALL_TIMEOUT_MS),
    inventory: service.client('inventory', config.INVENTORY_URL, CALL_TIMEOUT_MS),
    orders: service.client('orders', config.ORDERS_URL, CALL_TIMEOUT_MS),
    profiles: service.client('profiles', config.PROFILES_URL, CALL_TIMEOUT_MS),
  },
  orderStream: createForwarder({
    name: 'orders',
    baseUrl: config.ORDERS_URL,
    clock,
    metrics: service.metrics.client,
    proxyEnv: config.proxyEnv,
  }),
  streams,
  assets: await Assets.load(
    ['../public', '../dist'].map((path) => fileURLToPath(new URL(path, import.meta.url))),
  ),
  clock,
  secureCookies: config.COOKIE_SECURE,
});

const { app, router } = service.app({ renderProblem: storefront.renderProblem });
storefront.mount(router);
service.background('event streams', async (stopping) => {
  await once(stopping, 'abort');
  streams.end();
});
await service.run(app);
