import { id, money, page, problem } from '@faultline/contracts/common';
import { paymentToken } from '@faultline/contracts/payments';
import { z } from 'zod';

/*
 * What the sandbox provider speaks: the provider's contract, known to the adapter and to the sandbox.
 */
const params = z.strictObject({ reference: id });
const headers = z.object({ 'idempotency-key': z.string().min(1).max(255) });

export const chargeOutcome = z.object({
  outcome: z.enum(['approved', 'declined']),
  reason: z.string().nullable(),
});
export type ChargeOutcome = z.output<typeof chargeOutcome>;

const times = z.number().int();

/** `effects` counts how often each operation took effect, which is at most once. */
export const charge = z.object({
  reference: id,
  amount: money,
  status: z.enum(['authorized', 'declined', 'captured', 'voided', 'refunded']),
  decline_reason: z.string().nullable(),
  effects: z.object({ authorize: times, capture: times, void: times, refund: times }),
});

export const createCharge = {
  id: 'createCharge',
  method: 'POST',
  path: '/charges',
  summary: 'Authorise an amount.',
  access: 'anyone',
  headers,
  body: z.strictObject({ reference: id, amount: money, token: paymentToken }),
  replies: { 200: chargeOutcome, 422: problem },
} as const;

function change<const Name extends 'capture' | 'void' | 'refund'>(name: Name, summary: string) {
  return {
    id: `${name}Charge`,
    method: 'POST',
    path: `/charges/:reference/${name}`,
    summary,
    access: 'anyone',
    params,
    headers,
    replies: { 200: chargeOutcome, 404: problem },
  } as const;
}

export const captureCharge = change('capture', 'Take the authorised amount.');
export const voidCharge = change('void', 'Let go of an authorisation.');
export const refundCharge = change('refund', 'Give a captured amount back.');

export const findCharge = {
  id: 'findCharge',
  method: 'GET',
  path: '/charges/:reference',
  summary: 'The charge with the merchant’s reference.',
  access: 'anyone',
  params,
  replies: { 200: charge, 404: problem },
} as const;

export const listCharges = {
  id: 'listCharges',
  method: 'GET',
  path: '/charges',
  summary: 'All charges, oldest first.',
  access: 'anyone',
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    cursor: id.optional(),
  }),
  replies: { 200: page(charge) },
} as const;
