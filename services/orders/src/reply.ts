import { toProblemDocument, ProblemError, type ProblemCode } from '@faultline/chassis/errors';
import type { StoredReply } from '@faultline/chassis/idempotency';
import { placeOrder } from '@faultline/contracts/orders';
import { type OrderRow, toOrder } from './orders.ts';
import type { Ending, Outcome } from './saga/machine.ts';

export function locationOf(orderId: string): string {
  return `${placeOrder.path}/${orderId}`;
}

/** What placing the order is answered with once it is settled, now and whenever it is asked again. */
export function settledReply(row: OrderRow, outcome: Outcome, traceId: string): StoredReply {
  const headers = { Location: locationOf(row.id), 'Cache-Control': 'no-store' };
  if (outcome.status === 'confirmed') return { status: 201, headers, body: toOrder(row) };
  const { code, detail, reason } = problemOf(outcome);
  const problem = new ProblemError(code, detail, {
    reason,
    retryable: false,
    extensions: {
      order_id: row.id,
      ...(outcome.status === 'failed' && outcome.items.length > 0 ? { items: outcome.items } : {}),
    },
  });
  return {
    status: problem.status,
    headers: { ...headers, 'Content-Type': 'application/problem+json; charset=utf-8' },
    body: toProblemDocument(problem, { instance: placeOrder.path, traceId }),
  };
}

function problemOf(ending: Ending): { code: ProblemCode; detail: string; reason: string } {
  if (ending.status !== 'failed') {
    return { code: 'conflict', detail: 'The order was cancelled.', reason: 'order_cancelled' };
  }
  const { reason } = ending;
  switch (reason) {
    case 'out_of_stock':
      return { code: 'conflict', detail: 'There is not enough in stock.', reason };
    case 'payment_declined':
      return { code: 'payment_required', detail: 'The payment was declined.', reason };
    case 'timed_out':
      return { code: 'unavailable', detail: 'The order could not be completed in time.', reason };
    case 'product_unavailable':
    case 'rejected':
      return { code: 'unprocessable', detail: 'The order could not be carried out.', reason };
    default:
      return impossible(reason);
  }
}

function impossible(reason: never): never {
  throw new TypeError(`reply to an order that failed for '${String(reason)}', which is no reason`);
}
