import { type Handler, parsePart } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import {
  claimKey,
  findClaim,
  fingerprint,
  idempotencyKey,
  stillRunning,
  type StoredReply,
} from '@faultline/chassis/idempotency';
import type { Db } from '@faultline/chassis/postgres';
import { type authorizePayment, payment } from '@faultline/contracts/payments';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { annotateSpan, currentTraceparent } from '@faultline/telemetry/spans-api';
import { z } from 'zod';
import type { PaymentsDeps } from '../deps.ts';
import * as store from '../payment-store.ts';
import { advance, resolve } from '../processor.ts';
import { authorizeScope } from '../scope.ts';

const keyHeader = z.object({ 'idempotency-key': idempotencyKey });

export function authorize(deps: PaymentsDeps): Handler<typeof authorizePayment> {
  const { postgres, timing } = deps;
  return async ({ headers, body }) => {
    parsePart(keyHeader, 'headers', headers);
    const key = headers['idempotency-key'];
    const scope = authorizeScope(key);
    const request = { fingerprint: fingerprint(body), resource: body.payment_id };
    annotateSpan({
      [ATTRIBUTES.paymentId]: body.payment_id,
      [ATTRIBUTES.orderId]: body.order_id,
    });
    const claim = await postgres.transaction(async (tx) => {
      const claimed = await claimKey(tx, scope, request);
      if (claimed.kind !== 'new') return claimed;
      const record = await insertWanted(tx, {
        id: body.payment_id,
        orderId: body.order_id,
        money: body.amount,
        token: body.token,
        idempotencyKey: key,
        traceparent: currentTraceparent() ?? null,
        leaseMs: timing.leaseMs,
      });
      return { kind: 'new' as const, record };
    });
    if (claim.kind === 'replay') return stored(claim.reply);
    const current =
      claim.kind === 'new'
        ? await advance(deps, claim.record, { ask: false })
        : await resolve(deps, claim.resource);
    const answered = await findClaim(postgres.pool, scope, request.fingerprint);
    if (answered?.kind === 'replay') return stored(answered.reply);
    if (current?.status !== 'authorizing') throw voided();
    if (current.busy) throw stillRunning();
    return { status: 202, headers: { 'Retry-After': '1' }, body: store.toPayment(current) };
  };
}

async function insertWanted(tx: Db, wanted: store.NewPayment): Promise<store.PaymentRecord> {
  await store.lockId(tx, wanted.id);
  if (await store.isRefused(tx, wanted.id)) throw voided();
  const record = await store.insertPayment(tx, wanted);
  if (record) return record;
  throw new ProblemError('conflict', 'This payment was asked for with another Idempotency-Key.', {
    reason: 'payment_exists',
  });
}

function stored({ status, headers, body }: StoredReply) {
  return { status: status === 201 ? 201 : 402, headers, body: payment.parse(body) } as const;
}

function voided(): ProblemError {
  return new ProblemError('conflict', 'The payment was voided before it was authorised.', {
    reason: 'payment_voided',
  });
}
