import { storeReply } from '@faultline/chassis/idempotency';
import type { Db } from '@faultline/chassis/postgres';
import { paymentEvents } from '@faultline/contracts/payments';
import type { PaymentsDeps } from './deps.ts';
import { type LedgerKind, post } from './ledger.ts';
import type { Step } from './payment.ts';
import * as store from './payment-store.ts';
import { authorizeScope } from './scope.ts';

type PaymentEvent = keyof typeof paymentEvents.types;

/** What settling in a state entails, when the payment comes from the state before it. */
type Effects = { event: PaymentEvent; post?: LedgerKind; replyStatus?: 201 | 402 };

const effects: Readonly<Record<string, Effects>> = {
  'authorizing→authorized': { event: 'payment.authorized', replyStatus: 201 },
  'authorizing→declined': { event: 'payment.declined', replyStatus: 402 },
  'capturing→captured': { event: 'payment.captured', post: 'capture' },
  'voiding→voided': { event: 'payment.voided' },
  'refunding→refunded': { event: 'payment.refunded', post: 'refund' },
};

/**
 * Writes the provider's answer with everything that follows from it in one transaction: state,
 * event, ledger, the reply for the client's key. Undefined when the payment has moved on meanwhile.
 */
export async function settle(
  deps: PaymentsDeps,
  record: store.PaymentRecord,
  step: Extract<Step, { kind: 'settle' }>,
): Promise<store.PaymentRecord | undefined> {
  const { postgres, timing, outbox } = deps;
  const follows = effects[`${record.status}→${step.status}`];
  const settled = await postgres.transaction(async (tx) => {
    const next = await store.settle(tx, record, {
      status: step.status,
      reason: step.reason,
      events: follows ? 1 : 0,
      ...(step.watch ? { watch: { afterMs: timing.retryMs, forMs: timing.watchMs } } : {}),
    });
    if (next && follows) await apply(tx, deps, { payment: next, follows });
    return next;
  });
  outbox.nudge();
  return settled;
}

async function apply(
  tx: Db,
  { outbox, clock }: PaymentsDeps,
  { payment, follows }: { payment: store.PaymentRecord; follows: Effects },
): Promise<void> {
  const { id, money } = payment;
  await outbox.append(tx, paymentEvents.stream, {
    type: follows.event,
    version: paymentEvents.types[follows.event].version,
    subject: id,
    sequence: payment.eventCount,
    data: { payment_id: id, order_id: payment.orderId, amount: money },
  });
  if (follows.post) await post(tx, clock, { paymentId: id, kind: follows.post, money });
  if (follows.replyStatus) {
    const body = store.toPayment(payment);
    const reply = { status: follows.replyStatus, headers: {}, body };
    await storeReply(tx, authorizeScope(payment.idempotencyKey), reply);
  }
}
