import { z } from 'zod';
import { id, idParams, money, page, pageQuery, problem, timestamp } from './common.ts';
import { quantity, stockItem } from './inventory.ts';
import { paymentToken } from './payments.ts';
import { postalAddress } from './profiles.ts';

export const orderStatus = z.enum([
  'pending',
  'confirmed',
  'failed',
  'cancelling',
  'cancelled',
  'refunding',
  'refunded',
]);
export type OrderStatus = z.output<typeof orderStatus>;

/** Why an order did not come about. */
export const failureReason = z.enum([
  'out_of_stock',
  'payment_declined',
  'product_unavailable',
  'timed_out',
  'rejected',
]);
export type FailureReason = z.output<typeof failureReason>;

export const orderDraft = z.strictObject({
  items: z
    .array(stockItem)
    .min(1)
    .max(20)
    .refine(
      (items) => new Set(items.map((item) => item.product_id)).size === items.length,
      'each product may occur once',
    ),
  shipping_address: postalAddress,
  payment: z.strictObject({ token: paymentToken }),
});
export type OrderDraft = z.output<typeof orderDraft>;

export const orderLine = z.object({
  product_id: id,
  slug: z.string(),
  name: z.string(),
  quantity,
  unit_price: money,
  total: money,
});
export type OrderLine = z.output<typeof orderLine>;

export const order = z.object({
  id,
  account_id: id,
  status: orderStatus,
  failure_reason: failureReason.nullable(),
  failure_detail: z.string().nullable(),
  lines: z.array(orderLine),
  total: money,
  shipping_address: postalAddress,
  created_at: timestamp,
  updated_at: timestamp,
});
export type Order = z.output<typeof order>;

const idempotencyHeader = z.object({
  'idempotency-key': z.string({ error: 'the Idempotency-Key header is required' }),
});

export const placeOrder = {
  id: 'placeOrder',
  method: 'POST',
  path: '/api/v1/orders',
  summary: 'Place an order: 201 confirmed, 202 still at work, 402 declined, 409 out of stock.',
  access: 'principal',
  headers: idempotencyHeader,
  body: orderDraft,
  replies: { 201: order, 202: order, 402: problem, 409: problem, 422: problem, 503: problem },
} as const;

export const listOrders = {
  id: 'listOrders',
  method: 'GET',
  path: '/api/v1/orders',
  summary: 'Your orders, newest first.',
  access: 'principal',
  query: pageQuery,
  replies: { 200: page(order) },
} as const;

export const getOrder = {
  id: 'getOrder',
  method: 'GET',
  path: '/api/v1/orders/:id',
  summary: 'One of your orders.',
  access: 'principal',
  params: idParams,
  replies: { 200: order, 404: problem },
} as const;

export const cancelOrder = {
  id: 'cancelOrder',
  method: 'POST',
  path: '/api/v1/orders/:id/cancel',
  summary: 'Cancel an order: stock is given back, the payment voided or refunded.',
  access: 'principal',
  params: idParams,
  replies: { 200: order, 202: order, 404: problem, 409: problem },
} as const;

/** `text/event-stream`: an event `order` with the order as JSON, now and at every change of state. */
export const watchOrder = {
  id: 'watchOrder',
  method: 'GET',
  path: '/api/v1/orders/:id/events',
  summary: 'The order as server-sent events, until it is settled.',
  access: 'principal',
  params: idParams,
  replies: { 200: null, 404: problem },
} as const;

export const adminListOrders = {
  id: 'ordersListOrders',
  method: 'GET',
  path: '/internal/v1/orders',
  summary: 'All orders, newest first.',
  access: 'admin',
  query: z.strictObject({ ...pageQuery.shape, status: orderStatus.optional() }),
  replies: { 200: page(order) },
} as const;

export const adminGetOrder = {
  id: 'ordersGetOrder',
  method: 'GET',
  path: '/internal/v1/orders/:id',
  summary: 'Any order.',
  access: 'admin',
  params: idParams,
  replies: { 200: order, 404: problem },
} as const;

export const adminRefundOrder = {
  id: 'ordersRefundOrder',
  method: 'POST',
  path: '/internal/v1/orders/:id/refund',
  summary: 'Refund a confirmed order and take its items back into stock.',
  access: 'admin',
  params: idParams,
  replies: { 200: order, 202: order, 404: problem, 409: problem },
} as const;

export const ordersApi = [
  placeOrder,
  listOrders,
  getOrder,
  cancelOrder,
  watchOrder,
  adminListOrders,
  adminGetOrder,
  adminRefundOrder,
] as const;

/** No address and no payment token: events hold no personal data. */
const orderFact = z.object({
  order_id: id,
  account_id: id,
  total: money,
  lines: z.array(z.object({ product_id: id, name: z.string(), quantity, unit_price: money })),
});

export const orderEvents = {
  stream: 'orders.events',
  types: {
    'order.placed': { version: 1, data: orderFact },
    'order.confirmed': { version: 1, data: orderFact },
    'order.failed': { version: 1, data: orderFact.extend({ reason: failureReason }) },
    'order.cancelled': { version: 1, data: orderFact },
    'order.refunded': { version: 1, data: orderFact },
  },
} as const;
