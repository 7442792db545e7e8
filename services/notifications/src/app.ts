import { mount } from '@faultline/chassis/endpoint';
import { listMails } from '@faultline/contracts/notifications';
import type Router from '@koa/router';
import type { MailStore } from './mail-store.ts';
import { framed, serveStylesheet } from './pages/frame.ts';
import { mailboxPage, mailPage } from './pages/mailbox.ts';
import { pageOfMails } from './routes/list-mails.ts';

export type NotificationsDeps = { mails: MailStore };

/** The mailbox as an API and as pages; the gateway lets only admins in, and so does this service. */
export function mountNotifications(router: Router, { mails }: NotificationsDeps): void {
  mount(router, listMails, async ({ query }) => ({
    status: 200,
    body: await pageOfMails(mails, query),
  }));
  router.get('/mailbox', framed(mailboxPage(mails)));
  router.get('/mailbox/:id', framed(mailPage(mails)));
  router.get('/mailbox/assets/mailbox.css', serveStylesheet);
}
