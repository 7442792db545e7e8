import { forgetKeys } from '@faultline/chassis/idempotency';
import { Service } from '@faultline/chassis/service';
import { mountPayments } from './app.ts';
import { readConfig } from './config.ts';
import { resolveDue } from './processor.ts';
import { sandboxProvider } from './provider/sandbox-adapter.ts';

const HOUR_MS = 3_600_000;
const KEYS_KEPT_HOURS = 24;

const config = readConfig();
const service = new Service(config);

const stores = await service.stores(config, new URL('../migrations', import.meta.url));
const { postgres, outbox, crash } = stores;
const timeoutMs = config.PROVIDER_TIMEOUT_MS;
const deps = {
  postgres,
  outbox,
  provider: sandboxProvider({
    client: service.client('payment-provider', config.PAYMENT_PROVIDER_URL, timeoutMs),
    clock: service.clock,
    timeoutMs,
  }),
  clock: service.clock,
  log: service.log,
  timing: {
    leaseMs: 2 * timeoutMs + 1_000,
    retryMs: config.RESOLVE_INTERVAL_MS,
    retryMsMax: config.RESOLVE_BACKOFF_MS_MAX,
    watchMs: config.VOID_WATCH_MS,
  },
  crash,
};
service.every('payment resolver', config.RESOLVE_INTERVAL_MS, () => resolveDue(deps));
service.every('key retention', HOUR_MS, () => forgetKeys(postgres.pool, KEYS_KEPT_HOURS));

const { app, router } = service.app();
mountPayments(router, deps);
await service.run(app);
