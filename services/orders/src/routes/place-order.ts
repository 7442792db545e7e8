import {
  type Handler,
  parsePart,
  principalOf,
  type ReplyOf,
  type Request,
} from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import {
  type Claim,
  claimKey,
  findClaim,
  fingerprint,
  idempotencyKey,
  type IdempotencyScope,
  stillRunning,
} from '@faultline/chassis/idempotency';
import { uuidv7 } from '@faultline/chassis/ids';
import { type OrderDraft, orderEvents, type placeOrder } from '@faultline/contracts/orders';
import { annotateSpan, currentTraceparent } from '@faultline/telemetry/spans-api';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { z } from 'zod';
import type { OrdersDeps } from '../deps.ts';
import { findOrder, insertOrder, type NewOrder, toEvent, toOrder } from '../orders.ts';
import { priceItems } from '../pricing.ts';
import { locationOf } from '../reply.ts';
import { firstState } from '../saga/machine.ts';
import { type Saga, scopeOf } from '../saga/store.ts';
import { waitForOrder } from '../waiting.ts';

type Reply = ReplyOf<typeof placeOrder>;
type Unfinished = { scope: IdempotencyScope; print: string; orderId: string };

const keyHeader = z.object({ 'idempotency-key': idempotencyKey });

/**
 * Places an order once for each key: stores it with its saga, then waits a while for the saga to
 * settle it. The reply that settles it is kept with the key and given to everybody who asks again.
 */
export function placeOrderHandler(deps: OrdersDeps): Handler<typeof placeOrder> {
  return async (request) => {
    const { id: accountId } = principalOf(request.call);
    const { 'idempotency-key': key } = keyHeader.parse(
      parsePart(keyHeader, 'headers', request.headers),
    );
    const scope = scopeOf(accountId, key);
    const print = fingerprint(request.body);
    const known = await counted(deps, () => findClaim(deps.postgres.pool, scope, print));
    const claim = known ?? (await counted(deps, () => place(deps, request, { scope, print })));
    if (claim.kind === 'replay') {
      deps.metrics.request('replayed');
      annotateSpan({ [ATTRIBUTES.idempotencyReplayed]: true });
      return stored(claim.reply);
    }
    if (claim.kind === 'new') deps.metrics.request('executed');
    else await requireIdle(deps, claim.resource);
    return settle(deps, request, { scope, print, orderId: claim.resource });
  };
}

type Placed = Exclude<Claim, { kind: 'new' }> | { kind: 'new'; resource: string };

/** Stores the order, its saga, its key and its first event together, or finds that a twin did. */
async function place(
  deps: OrdersDeps,
  { body, call }: Pick<Request<typeof placeOrder>, 'body' | 'call'>,
  { scope, print }: { scope: IdempotencyScope; print: string },
): Promise<Placed> {
  const { lines, total } = await priceItems(deps.catalog, body.items, call);
  const order: NewOrder = {
    id: uuidv7(deps.clock),
    account_id: scope.principal,
    lines,
    total,
    shipping_address: body.shipping_address,
    reservation_id: uuidv7(deps.clock),
    payment_id: uuidv7(deps.clock),
  };
  deps.crash?.('order.before-insert');
  let saga: Saga | undefined;
  using slot = deps.runner.admit();
  const lease = slot ? 'held' : 'free';
  const claim = await deps.postgres
    .transaction(async (tx): Promise<Claim> => {
      const found = await claimKey(tx, scope, { fingerprint: print, resource: order.id });
      if (found.kind === 'new') {
        saga = await insert(deps, tx, { order, key: scope.key, draft: body, lease });
      }
      return found;
    })
    .catch((error: unknown) => resolveCommit(deps, { scope, print, orderId: order.id }, error));
  if (claim.kind !== 'new') return claim;
  deps.crash?.('order.after-insert');
  deps.outbox.nudge();
  if (saga && slot) slot.start(saga);
  else deps.runner.nudge();
  return { kind: 'new', resource: order.id };
}

async function insert(
  deps: OrdersDeps,
  tx: Parameters<typeof insertOrder>[0],
  values: { order: NewOrder; key: string; draft: OrderDraft; lease: 'held' | 'free' },
): Promise<Saga> {
  const order = await insertOrder(tx, values.order);
  await deps.outbox.append(tx, orderEvents.stream, toEvent('order.placed', order));
  return deps.sagas.insert(
    tx,
    {
      order,
      state: firstState(deps.clock.now() + deps.giveUpMs),
      traceparent: currentTraceparent() ?? null,
      token: values.draft.payment.token,
      key: values.key,
    },
    values.lease,
  );
}

/**
 * When the connection broke, COMMIT may have reached the server all the same. The key tells; where
 * it cannot be asked, the client's retry will.
 */
async function resolveCommit(
  deps: OrdersDeps,
  { scope, print, orderId }: Unfinished,
  error: unknown,
): Promise<Claim> {
  if (!(error instanceof ProblemError) || error.code !== 'unavailable') throw error;
  const found = await findClaim(deps.postgres.pool, scope, print).catch(() => {
    throw error;
  });
  if (!found) throw error;
  const ours = found.kind === 'unfinished' && found.resource === orderId;
  return ours ? { kind: 'new' } : found;
}

/** The order's reply if it settles in time, else the order as it is, to be asked for again. */
async function settle(
  deps: OrdersDeps,
  { call }: Pick<Request<typeof placeOrder>, 'call'>,
  { scope, print, orderId }: Unfinished,
): Promise<Reply> {
  annotateSpan({ [ATTRIBUTES.orderId]: orderId });
  const claim = await waitForOrder(deps, { orderId, call }, async () => {
    const found = await findClaim(deps.postgres.pool, scope, print);
    return found?.kind === 'replay' ? found : undefined;
  });
  deps.crash?.('order.before-reply');
  if (claim) return stored(claim.reply);
  const order = await findOrder(deps.postgres.pool, orderId);
  if (!order) throw new Error(`answer for order ${orderId}: there is no such order`);
  return {
    status: 202,
    headers: { Location: locationOf(orderId), 'Retry-After': '1', 'Cache-Control': 'no-store' },
    body: toOrder(order),
  };
}

async function requireIdle(deps: OrdersDeps, orderId: string): Promise<void> {
  if (!(await deps.sagas.isHeld(orderId))) return;
  deps.metrics.request('in_progress');
  throw stillRunning();
}

async function counted<T>(deps: OrdersDeps, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    const reason = error instanceof ProblemError ? error.options.reason : undefined;
    if (reason === 'idempotency_key_reused') deps.metrics.request('mismatch');
    throw error;
  }
}

function stored(reply: { status: number; headers: Record<string, string>; body: unknown }): Reply {
  // It was made by settledReply, for a status and with a body that the contract declares.
  return reply as Reply;
}
