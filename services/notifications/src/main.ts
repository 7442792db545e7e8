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
const stores = await service.stores(config, new URL('../migrations', import.meta.url));
const mails = new MailStore(stores.postgres);
const profiles = service.client('profiles', config.PROFILES_URL, 2_000);
const transport = createTransport({ url: config.SMTP_URL, from: config.MAIL_FROM });

const handlers = { orders: orderHandlers(mails), profiles: accountHandlers(mails) };
for (const [source, contract] of subscriptions) {
  service.consumer({
    ...stores,
    contract,
    group: 'notifications',
    handlers: handlers[source],
  });
}
service.background('mail delivery', (signal) =>
  deliverMails({ mails, profiles, transport, clock: service.clock, log: service.log }, signal),
);

const { app, router } = service.app({ renderProblem: renderMailboxProblem });
mountNotifications(router, { mails });
await service.run(app);
