import { z } from 'zod';
import { id, idParams, money, problem, timestamp } from './common.ts';

/** What stands for a card: the shop never sees card data. */
export const paymentToken = z
  .string()
  .regex(/^tok_[a-z0-9_]{1,60}$/, 'expected a payment token (tok_…)');

export const payment = z.object({
  id,
  order_id: id,
  status: z.enum([
    'authorizing',
    'authorized',
    'declined',
    'capturing',
    'captured',
    'voiding',
    'voided',
    'refunding',
    'refunded',
  ]),
  amount: money,
  decline_reason: z.string().nullable(),
  created_at: timestamp,
  updated_at: timestamp,
});
export type Payment = z.output<typeof payment>;

const idempotencyHeader = z.object({
  'idempotency-key': z.string({ error: 'the Idempotency-Key header is required' }),
});

/**
 * 201 authorized · 202 the provider's answer is not known yet (ask again with the same key) ·
 * 402 declined · 409 `request_in_progress` (ask again), `payment_voided` (a void came first, nothing
 * is held) or `payment_exists` (asked for with another key).
 */
export const authorizePayment = {
  id: 'authorizePayment',
  method: 'POST',
  path: '/internal/v1/payments',
  summary: 'Authorise an amount for an order.',
  access: 'internal',
  headers: idempotencyHeader,
  body: z.strictObject({ payment_id: id, order_id: id, amount: money, token: paymentToken }),
  replies: { 201: payment, 202: payment, 402: payment, 409: problem, 422: problem },
} as const;

export const readPayment = {
  id: 'readPayment',
  method: 'GET',
  path: '/internal/v1/payments/:id',
  summary: 'Where a payment stands.',
  access: 'internal',
  params: idParams,
  replies: { 200: payment, 404: problem },
} as const;

/**
 * 200 settled · 202 asked for, the provider's answer is not known yet · 409 not possible in this
 * state: `payment_<state>` (retryable while that state is still open) or `refused_by_provider`.
 */
const transition = { 200: payment, 202: payment, 404: problem, 409: problem } as const;

export const capturePayment = {
  id: 'capturePayment',
  method: 'POST',
  path: '/internal/v1/payments/:id/capture',
  summary: 'Take the authorised amount. Capturing twice is capturing once.',
  access: 'internal',
  params: idParams,
  replies: transition,
} as const;

/**
 * 404 for a payment never asked for, which is then refused should it still come. A declined payment
 * holds nothing, so voiding it is a 200 that changes nothing.
 */
export const voidPayment = {
  id: 'voidPayment',
  method: 'POST',
  path: '/internal/v1/payments/:id/void',
  summary: 'Let go of an authorisation, also of one whose outcome is unknown.',
  access: 'internal',
  params: idParams,
  replies: transition,
} as const;

export const refundPayment = {
  id: 'refundPayment',
  method: 'POST',
  path: '/internal/v1/payments/:id/refund',
  summary: 'Give a captured amount back, whole.',
  access: 'internal',
  params: idParams,
  replies: transition,
} as const;

export const paymentsApi = [
  authorizePayment,
  readPayment,
  capturePayment,
  voidPayment,
  refundPayment,
] as const;

const paymentEvent = {
  version: 1,
  data: z.object({ payment_id: id, order_id: id, amount: money }),
} as const;

export const paymentEvents = {
  stream: 'payments.events',
  types: {
    'payment.authorized': paymentEvent,
    'payment.declined': paymentEvent,
    'payment.captured': paymentEvent,
    'payment.voided': paymentEvent,
    'payment.refunded': paymentEvent,
  },
} as const;
