import type { Request, ReplyOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { capturePayment, refundPayment, voidPayment } from '@faultline/contracts/payments';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { annotateSpan } from '@faultline/telemetry/spans-api';
import type { PaymentsDeps } from '../deps.ts';
import { type Change, isPending, type Plan, planChange } from '../payment.ts';
import * as store from '../payment-store.ts';
import { advance, resolve } from '../processor.ts';
import { noPayment } from './read-payment.ts';

type Endpoints = typeof capturePayment | typeof voidPayment | typeof refundPayment;
type Reply = ReplyOf<typeof capturePayment>;

/** Captures, voids or refunds: repeating it has no further effect, `202` while the outcome is unknown. */
export function change(
  deps: PaymentsDeps,
  wanted: Change,
): (request: Pick<Request<Endpoints>, 'params'>) => Promise<Reply> {
  return async ({ params: { id } }) => {
    annotateSpan({ [ATTRIBUTES.paymentId]: id });
    let begun = await begin(deps, id, wanted);
    if (begun?.plan.kind === 'settle') {
      await resolve(deps, id);
      begun = await begin(deps, id, wanted);
    }
    if (!begun) throw noPayment();
    if (begun.plan.kind !== 'start') return replyTo(wanted, begun.record);
    return replyTo(wanted, await advance(deps, begun.record, { ask: begun.ask }));
  };
}

type Begun = { plan: Plan; record: store.PaymentRecord; ask: boolean };

async function begin(
  { postgres, timing }: PaymentsDeps,
  id: string,
  wanted: Change,
): Promise<Begun | undefined> {
  return postgres.transaction(async (tx) => {
    const locked = (await store.lockPayment(tx, id)) ?? (await refuseUnknown());
    if (!locked) return undefined;
    const plan = planChange(locked.status, wanted);
    if (plan.kind !== 'start') return { plan, record: locked, ask: false };
    const { leaseMs } = timing;
    const record = await store.begin(tx, id, { status: plan.status, leaseMs });
    // An authorisation without an answer may or may not exist: the provider says whether to void it.
    return { plan, record, ask: locked.status === 'authorizing' };

    async function refuseUnknown(): Promise<store.PaymentRecord | undefined> {
      if (wanted !== 'void') return undefined;
      await store.lockId(tx, id);
      const late = await store.lockPayment(tx, id);
      if (!late) await store.refuse(tx, id);
      return late;
    }
  });
}

function replyTo(wanted: Change, record: store.PaymentRecord): Reply {
  const { status } = record;
  const body = store.toPayment(record);
  if (planChange(status, wanted).kind === 'done') return { status: 200, body };
  const pending = { capture: 'capturing', void: 'voiding', refund: 'refunding' }[wanted];
  if (status === pending) return { status: 202, headers: { 'Retry-After': '1' }, body };
  const refusedByProvider = record.declineReason !== null && status !== 'declined';
  throw new ProblemError('conflict', `A payment that is ${status} cannot be changed so.`, {
    reason: refusedByProvider ? 'refused_by_provider' : `payment_${status}`,
    retryable: isPending(status),
    extensions: { payment_status: status, decline_reason: record.declineReason },
  });
}
