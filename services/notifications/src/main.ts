import { fileURLToPath } from 'node:url';
import { crashPoint } from '@faultline/chassis/crash';
import { Service } from '@faultline/chassis/service';
import { mountNotifications } from './app.ts';
import { readConfig } from './config.ts';
import { accountHandlers, orderHandlers, subscriptions } from './events.ts';
import { MailStore } from './mail-store.ts';
import { deliverMails } from './delivery.ts';
import { renderMailboxProblem } from './pages/frame.ts';
import { createTransport } from './transport.ts';

const config = readConfig();
const service = new Service(config);
const postgres = await service.postgres({
  ...config,
  migrationsDir: fileURLToPath(new URL('../migrations', import.meta.url)),
});
const redis = service.redis(config.REDIS_URL);
const crash = crashPoint(config.CRASH_POINTS);
const mails = new MailStore(postgres);
const profiles = service.client('profiles', config.PROFILES_URL, 2_000);
const transport = createTransport({ url: config.SMTP_URL, from: config.MAIL_FROM });

const handlers = { orders: orderHandlers(mails), profiles: accountHandlers(mails) };
for (const [source, contract] of subscriptions) {
  service.consumer({
    contract,
    group: 'notifications',
    handlers: handlers[source],
    redis,
    blocking: service.blockingRedis(config.REDIS_URL),
    postgres,
    ...(crash ? { crash } : {}),
  });
}
service.background('mail delivery', (signal) =>
  deliverMails({ mails, profiles, transport, clock: service.clock, log: service.log }, signal),
);

const { app, router } = service.app({ renderProblem: renderMailboxProblem });
mountNotifications(router, { mails });
await service.run(app);
