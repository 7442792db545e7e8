import type { ServerResponse } from 'node:http';
import { callOf, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { Forwarder } from '@faultline/chassis/forward';
import { contextHeaders, expandPath } from '@faultline/chassis/http-client';
import { watchOrder } from '@faultline/contracts/orders';
import type { Context } from 'koa';
import { orderIdOf } from './orders.ts';

const STREAMS_MAX = 200;
const FIRST_EVENT_MS = 5_000;

export const orderEventsPath = '/orders/:id/events';

/** The event streams that are open and that a draining process has to end. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();
  #ended = false;

  /**
   * Counts a reply as an event stream until it closes.
   * @throws ProblemError 503 when there are too many, or no more; browsers then look again later.
   */
  add(res: ServerResponse): void {
    if (this.#ended || this.#open.size >= STREAMS_MAX) {
      throw new ProblemError('unavailable', 'No more orders can be watched here.', {
        retryAfterSeconds: 5,
      });
    }
    this.#open.add(res);
    res.once('close', () => this.#open.delete(res));
  }

  /** Ends all streams; browsers open new ones, elsewhere. */
  end(): void {
    this.#ended = true;
    for (const res of this.#open) res.end();
  }
}

/** The order's states as server-sent events, straight from orders. */
export function orderEvents(deps: {
  orders: Forwarder;
  streams: EventStreams;
}): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    const call = callOf(ctx);
    principalOf(call);
    const id = orderIdOf({ param: (name) => String(ctx['params'][name]) });
    deps.streams.add(ctx.res);
    await deps.orders.forward(ctx, {
      path: expandPath(watchOrder.path, { id }),
      headers: { Accept: 'text/event-stream', ...contextHeaders(call, FIRST_EVENT_MS) },
      timeoutMs: FIRST_EVENT_MS,
      bodyLimitBytes: 0,
    });
    ctx.set('Cache-Control', 'private, no-store');
  };
}
