import type { Clock } from '@faultline/chassis/clock';
import type { ClientReply, ClientRequest } from '@faultline/chassis/http-client';
import type { Problem } from '@faultline/contracts/common';
import { placeOrder } from '@faultline/contracts/orders';
import { z } from 'zod';
import type { Attempt, Visit } from './visit.ts';

const ASK_AGAIN_MS = 500;
const GIVE_UP_MS = 5_000;

/**
 * What came of placing an order. After a refusal that is final a new attempt is a new order and
 * needs a fresh key; with the same key it is the same order, however often it is sent.
 */
export type Outcome = { kind: 'placed'; orderId: string } | { kind: 'busy' } | Refused;

export type Refused = {
  kind: 'refused';
  status: number;
  title: string;
  text: string;
  key: 'fresh' | 'same';
  /** What there is not enough of. */
  short?: readonly Shortage[];
};

const shortages = z
  .array(z.object({ product_id: z.string(), available: z.number().int().optional() }))
  .catch([]);
export type Shortage = z.output<typeof shortages>[number];

export type OrderRequest = ClientRequest<typeof placeOrder>;
type Reply = ClientReply<typeof placeOrder>;

/** Sends an order; while an earlier sending of the same one is at work, waits for how that ends. */
export async function sendOrder(
  visit: Visit<'placeOrder'>,
  request: OrderRequest,
  clock: Clock,
): Promise<Outcome> {
  const giveUpMs = clock.monotonic() + GIVE_UP_MS;
  for (;;) {
    const outcome = judge(await visit.attempt('orders', placeOrder, request));
    if (outcome.kind !== 'busy' || clock.monotonic() >= giveUpMs) return outcome;
    await clock.sleep(ASK_AGAIN_MS);
  }
}

/** What an answer, or the lack of one, means for the person who pressed the button. */
export function judge(attempt: Attempt<Reply>): Outcome {
  if (!attempt.ok) {
    const { failure, upstreamStatus } = attempt.error;
    // 503 without the contract's body is the mesh saying that it found nobody to send this to.
    return failure === 'refused' || upstreamStatus === 503 ? notReached : unknown;
  }
  const { reply } = attempt;
  switch (reply.status) {
    case 201:
    case 202:
      return { kind: 'placed', orderId: reply.body.id };
    case 402:
      return final(402, 'Your payment was declined', `${reply.body.detail} ${NOTHING_CHARGED}`);
    case 409:
      return conflict(reply.body);
    case 422:
      return reply.body.reason === 'idempotency_key_reused'
        ? alreadySent
        : final(422, 'Your order was not accepted', `${reply.body.detail} ${NOTHING_CHARGED}`);
    case 503:
      return interrupted(reply.body);
  }
}

function conflict({ reason, detail, items }: Problem): Outcome {
  if (reason === 'request_in_progress') return { kind: 'busy' };
  if (reason === 'order_cancelled') {
    return final(409, 'This order was cancelled', 'You pay nothing for it.');
  }
  const refused = final(409, 'Not everything is in stock', `${detail} ${NOTHING_CHARGED}`);
  return { ...refused, short: shortages.parse(items) };
}

function interrupted({ reason, detail, dependency }: Problem): Outcome {
  // The order was undone; asking again by its key tells just that again.
  if (reason === 'timed_out') {
    return final(503, 'Your order did not go through', `${detail} ${NOTHING_CHARGED}`);
  }
  // Without prices no order begins.
  return dependency === 'catalog' ? notReached : unknown;
}

const NOTHING_CHARGED = 'Nothing was charged.';

/** Also what people see when an order that is at work does not end in time. */
export const unknown = {
  kind: 'refused',
  status: 503,
  title: 'We do not know yet whether your order went through',
  text:
    'We got no clear answer. You can safely place it again from here: ' +
    'it is the same order, and it will not be charged twice.',
  key: 'same',
} as const satisfies Refused;

const notReached: Outcome = {
  kind: 'refused',
  status: 503,
  title: 'Orders cannot be placed right now',
  text:
    `Your order was not placed. ${NOTHING_CHARGED} ` +
    'Your basket is kept; please try again in a moment.',
  key: 'same',
};

const alreadySent: Outcome = {
  kind: 'refused',
  status: 422,
  title: 'This order was already sent with other details',
  text: 'Look at your orders first. Placing it again from here makes a second order.',
  key: 'fresh',
};

function final(status: number, title: string, text: string): Refused {
  return { kind: 'refused', status, title, text, key: 'fresh' };
}
