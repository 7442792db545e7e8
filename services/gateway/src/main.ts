import { createForwarder, type Forwarder } from '@faultline/chassis/forward';
import { Service } from '@faultline/chassis/service';
import { createGateway } from './app.ts';
import { proxyEnv, readConfig } from './config.ts';
import { KeySet } from './identity/key-set.ts';
import { LIMITER_TIMEOUT_MS, RateLimiter } from './limits/rate-limiter.ts';

const KEY_SET_INTERVAL_MS = 60_000;

const config = readConfig();
const service = new Service(config);
const { clock, log, metrics } = service;

const forwarders = new Map<string, Forwarder>();
for (const [name, baseUrl] of config.neighbours) {
  forwarders.set(
    name,
    createForwarder({ name, baseUrl, clock, metrics: metrics.client, proxyEnv }),
  );
}
function client(name: string, timeoutMs: number) {
  return service.client(name, config.neighbours.get(name) ?? `http://${name}`, timeoutMs);
}
const clients = {
  profiles: client('profiles', 5_000),
  catalog: client('catalog', 4_000),
  // Stock is an extra of the product page: it does not get long.
  inventory: client('inventory', 800),
};
const keys = new KeySet({ profiles: clients.profiles, clock });
service.every('key set', KEY_SET_INTERVAL_MS, () => keys.refresh());

const app = createGateway({
  chassis: service.appOptions(),
  config,
  clients,
  keys,
  limiter: new RateLimiter({
    redis: service.redis(config.REDIS_URL, { commandTimeoutMs: LIMITER_TIMEOUT_MS }),
    clock,
    log,
    metrics,
    limits: {
      api: config.RATE_LIMIT_API,
      pages: config.RATE_LIMIT_PAGES,
      identity: config.RATE_LIMIT_IDENTITY,
      credentials: config.RATE_LIMIT_CREDENTIALS,
    },
  }),
  forwarders,
});
await service.run(app, { edge: true });
