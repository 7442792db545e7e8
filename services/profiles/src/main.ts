import { Service } from '@faultline/chassis/service';
import { createAccessTokens } from './access-tokens.ts';
import { mountProfiles } from './app.ts';
import { readConfig } from './config.ts';
import { createSessionCookies } from './cookies.ts';
import { Passwords } from './passwords.ts';
import { seedAccounts } from './seed.ts';
import { Sessions } from './sessions.ts';
import { Throttle } from './throttle.ts';

const TIDY_INTERVAL_MS = 5 * 60_000;

const config = readConfig();
const service = new Service(config);
const { clock } = service;
const stores = await service.stores(config, new URL('../migrations', import.meta.url));
const { postgres, outbox } = stores;
const passwords = await Passwords.create();
const throttle = new Throttle({ db: postgres.pool, clock });
const sessions = new Sessions({ postgres, clock });
const tokens = await createAccessTokens({
  key: config.SIGNING_KEY,
  previousKey: config.PREVIOUS_SIGNING_KEY,
  clock,
});
const cookies = createSessionCookies({ secure: config.COOKIE_SECURE });

if (config.SEED === 'demo') {
  await seedAccounts(
    { postgres, outbox, clock, passwords },
    { admin: config.DEMO_ADMIN_PASSWORD, customer: config.DEMO_CUSTOMER_PASSWORD },
  );
}

service.every('session tidy', TIDY_INTERVAL_MS, () => sessions.tidy());
service.every('throttle tidy', TIDY_INTERVAL_MS, () => throttle.tidy());
const { app, router } = service.app();
mountProfiles(router, {
  postgres,
  outbox,
  clock,
  passwords,
  throttle,
  sessions,
  tokens,
  cookies,
});
await service.run(app);
