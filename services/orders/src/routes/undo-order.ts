import type { CallContext } from '@faultline/chassis/call';
import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type {
  adminRefundOrder,
  cancelOrder,
  Order,
  OrderStatus,
} from '@faultline/contracts/orders';
import type { OrdersDeps } from '../deps.ts';
import { findOrder, toOrder } from '../orders.ts';
import { locationOf } from '../reply.ts';
import { waitForOrder } from '../waiting.ts';
import { requireOrder } from './get-order.ts';

type UndoReply = { status: 200 | 202; headers?: Record<string, string>; body: Order };
type Undo = {
  kind: 'cancel' | 'refund';
  aim: OrderStatus;
  /** States in which the order is on its way already, or must first come to rest. */
  underWay: readonly OrderStatus[];
};

const cancel: Undo = { kind: 'cancel', aim: 'cancelled', underWay: ['pending', 'cancelling'] };
const refund: Undo = { kind: 'refund', aim: 'refunded', underWay: ['refunding'] };

export function cancelOrderHandler(deps: OrdersDeps): Handler<typeof cancelOrder> {
  return async ({ params, call }) => {
    await requireOrder(deps, params.id, principalOf(call).id);
    return undoOrder(deps, cancel, { orderId: params.id, call });
  };
}

export function adminRefundOrderHandler(deps: OrdersDeps): Handler<typeof adminRefundOrder> {
  return async ({ params, call }) => {
    await requireOrder(deps, params.id);
    return undoOrder(deps, refund, { orderId: params.id, call });
  };
}

async function undoOrder(
  deps: OrdersDeps,
  undo: Undo,
  target: { orderId: string; call: CallContext },
): Promise<UndoReply> {
  const { orderId } = target;
  const accepted = await deps.postgres.transaction((tx) =>
    deps.sagas.command(tx, orderId, { kind: undo.kind }),
  );
  if (accepted) {
    deps.sagas.announceCommand(orderId);
    deps.runner.nudge();
  } else {
    const { status } = await requireOrder(deps, orderId);
    if (!undo.underWay.includes(status)) throw refuse(undo, status);
  }
  const done = await waitForOrder(deps, target, async () => {
    const order = await findOrder(deps.postgres.pool, orderId);
    return order && isSettled(order.status) ? order : undefined;
  });
  if (done && done.status !== undo.aim) throw refuse(undo, done.status);
  if (done) return { status: 200, body: toOrder(done) };
  return {
    status: 202,
    headers: { Location: locationOf(orderId), 'Retry-After': '1' },
    body: toOrder(await requireOrder(deps, orderId)),
  };
}

/** Whether nothing happens to the order any more unless somebody asks for it. */
export function isSettled(status: OrderStatus): boolean {
  return status !== 'pending' && status !== 'cancelling' && status !== 'refunding';
}

function refuse(undo: Undo, status: OrderStatus): ProblemError {
  return new ProblemError('conflict', `An order that is ${status} cannot be ${undo.aim}.`, {
    reason: `order_${status}`,
  });
}
