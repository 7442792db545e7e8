import { currentTraceparent } from '@faultline/telemetry/spans-api';
import type { EventHandler } from '@faultline/chassis/consumer';
import { orderEvents } from '@faultline/contracts/orders';
import { accountEvents } from '@faultline/contracts/profiles';
import type { MailKind } from './mail.ts';
import type { MailStore } from './mail-store.ts';

/** What this service listens to. */
export const subscriptions = [
  ['orders', orderEvents],
  ['profiles', accountEvents],
] as const;

/** Each event of an order that its buyer should hear of becomes one mail. */
export function orderHandlers(mails: MailStore): Record<string, EventHandler> {
  const enqueue = enqueueWith(mails);
  return {
    'order.confirmed': enqueue('order_confirmed'),
    'order.failed': enqueue('order_failed'),
    'order.cancelled': enqueue('order_cancelled'),
    'order.refunded': enqueue('order_refunded'),
  };
}

/** A new account is welcomed. */
export function accountHandlers(mails: MailStore): Record<string, EventHandler> {
  return { 'account.created': enqueueWith(mails)('welcome') };
}

function enqueueWith(mails: MailStore): (kind: MailKind) => EventHandler {
  return (kind) => async (event, tx) => {
    await mails.enqueue(tx, {
      eventId: event.id,
      accountId: String(event.data['account_id']),
      kind,
      data: event.data,
      createdAt: event.time,
      traceparent: currentTraceparent(),
    });
  };
}
