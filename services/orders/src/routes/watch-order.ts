import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { watchOrder } from '@faultline/contracts/orders';
import type { OrdersDeps } from '../deps.ts';
import { findOrder, type OrderRow, toOrder } from '../orders.ts';
import { requireOrder } from './get-order.ts';
import { isSettled } from './undo-order.ts';

const HEARTBEAT_MS = 15_000;

/**
 * The order as server-sent events: as it is, at each change, and for the last time when it is
 * settled. A client that reads slowly misses states in between, never the last one.
 */
export function watchOrderHandler(deps: OrdersDeps): Handler<typeof watchOrder> {
  let streams = 0;
  return async ({ params, call, ctx }) => {
    const order = await requireOrder(deps, params.id, principalOf(call).id);
    if (streams >= deps.streamsMax || deps.draining.aborted) {
      throw new ProblemError('unavailable', 'Too many orders are being watched now.', {
        reason: 'too_many_streams',
        retryAfterSeconds: 5,
      });
    }
    streams++;
    const { res } = ctx;
    res.once('close', () => streams--);
    ctx.respond = false;
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    // The stream outlives the request's deadline; its own end is the client's, or the order's.
    void stream(deps, order.id, res).then(
      () => res.end(),
      () => res.destroy(),
    );
    return { status: 200 };
  };
}

async function stream(deps: OrdersDeps, id: string, res: ServerResponse): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  const over = AbortSignal.any([gone.signal, deps.draining]);
  using watch = deps.changes.watch(id);
  let order = await findOrder(deps.postgres.pool, id);
  let sentSequence = 0;
  while (order && !over.aborted) {
    if (order.sequence > sentSequence) await write(res, eventOf(order), over);
    else await write(res, ': still here\n\n', over);
    sentSequence = order.sequence;
    if (isSettled(order.status)) return;
    order = await nextChange(deps, { order, watch, over });
  }
}

/** The order once it has changed, or as it was when the time for a sign of life has come. */
async function nextChange(
  { clock, postgres }: OrdersDeps,
  options: {
    order: OrderRow;
    watch: { next(ms: number, signal: AbortSignal): Promise<void> };
    over: AbortSignal;
  },
): Promise<OrderRow | undefined> {
  const { order, watch, over } = options;
  const heartbeatMs = clock.monotonic() + HEARTBEAT_MS;
  let leftMs = HEARTBEAT_MS;
  while (leftMs > 0 && !over.aborted) {
    await watch.next(leftMs, over);
    const now = over.aborted ? order : await findOrder(postgres.pool, order.id);
    if (now?.sequence !== order.sequence) return now;
    leftMs = heartbeatMs - clock.monotonic();
  }
  return order;
}

function eventOf(order: OrderRow): string {
  return `event: order\nid: ${order.sequence}\ndata: ${JSON.stringify(toOrder(order))}\n\n`;
}

async function write(res: ServerResponse, text: string, over: AbortSignal): Promise<void> {
  if (!res.write(text)) await once(res, 'drain', { signal: over });
}
