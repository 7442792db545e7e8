import type { CallContext } from '@faultline/chassis/call';
import { DependencyError, type HttpClient } from '@faultline/chassis/http-client';
import type { Logger } from '@faultline/chassis/log';
import type { Problem } from '@faultline/contracts/common';
import {
  commitReservation,
  releaseReservation,
  reserveStock,
} from '@faultline/contracts/inventory';
import {
  authorizePayment,
  capturePayment,
  readPayment,
  refundPayment,
  voidPayment,
  type Payment,
} from '@faultline/contracts/payments';
import { z } from 'zod';
import { totalOf } from '../orders.ts';
import { type SagaInput, type SagaStep, shortItem } from './machine.ts';
import type { Saga } from './store.ts';

export type Neighbours = { inventory: HttpClient; payments: HttpClient };

/** Longer than an order may take to go forward, retries and all. */
const RESERVATION_TTL_SECONDS = 600;
const DETAIL_LENGTH_MAX = 200;

type Target = Neighbours & { saga: Saga; call: CallContext; log: Logger };

const calls: Readonly<Record<SagaStep, (target: Target) => Promise<SagaInput>>> = {
  reserve,
  authorize,
  commit,
  capture,
  void: letGo,
  refund,
  release,
};

/**
 * Takes one step: asks the neighbour, always with the same ids, and says what is known afterwards.
 * A neighbour that does not answer as its contract says leaves the step unknown.
 */
export async function takeStep(step: SagaStep, target: Target): Promise<SagaInput> {
  try {
    return await calls[step](target);
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    const { dependency, failure, upstreamStatus: status } = error;
    target.log.warn(
      { order_id: target.saga.order.id, step, dependency, failure, status },
      'a step of a saga was not answered; it will be asked again',
    );
    return { kind: 'unknown' };
  }
}

async function reserve({ inventory, saga, call }: Target): Promise<SagaInput> {
  const { order } = saga;
  const items = order.lines.map(({ product_id, quantity }) => ({ product_id, quantity }));
  const reply = await inventory.call(
    reserveStock,
    {
      params: { id: order.reservation_id },
      body: { items, ttl_seconds: RESERVATION_TTL_SECONDS },
    },
    call,
  );
  if (reply.status === 409 && reply.body.reason === 'out_of_stock') {
    const short = z.array(shortItem).catch([]).parse(reply.body['items']);
    const names = order.lines.filter((line) =>
      short.some((item) => item.product_id === line.product_id),
    );
    return {
      kind: 'refused',
      reason: 'out_of_stock',
      detail: cut(names.map((line) => line.name).join(', ')),
      items: short,
    };
  }
  const held =
    reply.status === 200 && (reply.body.status === 'reserved' || reply.body.status === 'committed');
  return held ? { kind: 'done' } : { kind: 'refused', reason: 'timed_out', detail: null };
}

async function authorize({ payments, saga, call }: Target): Promise<SagaInput> {
  const { order, token } = saga;
  if (token === null) return { kind: 'refused', reason: 'rejected', detail: null };
  const reply = await payments.call(
    authorizePayment,
    {
      headers: { 'idempotency-key': order.payment_id },
      body: { payment_id: order.payment_id, order_id: order.id, amount: totalOf(order), token },
    },
    call,
  );
  switch (reply.status) {
    case 201:
      return { kind: 'done' };
    case 202:
      return { kind: 'unknown' };
    case 402:
      return {
        kind: 'refused',
        reason: 'payment_declined',
        detail: cut(reply.body.decline_reason ?? ''),
      };
    default:
      return refusal(reply.body);
  }
}

async function commit({ inventory, saga, call }: Target): Promise<SagaInput> {
  const params = { id: saga.order.reservation_id };
  const reply = await inventory.call(commitReservation, { params }, call);
  if (reply.status === 200) return { kind: 'done' };
  return { kind: 'refused', reason: 'timed_out', detail: reasonOf(reply.body) };
}

async function capture({ payments, saga, call }: Target): Promise<SagaInput> {
  const params = { id: saga.order.payment_id };
  const reply = await payments.call(capturePayment, { params }, call);
  if (reply.status === 200) return { kind: 'done' };
  return reply.status === 202 ? { kind: 'unknown' } : refusal(reply.body);
}

async function letGo(target: Target): Promise<SagaInput> {
  const params = { id: target.saga.order.payment_id };
  const reply = await target.payments.call(voidPayment, { params }, target.call);
  // A payment that was never asked for is refused from now on: nothing is left to come.
  if (reply.status === 200 || reply.status === 404) return { kind: 'done' };
  return reply.status === 202 ? { kind: 'unknown' } : standing(target);
}

async function refund(target: Target): Promise<SagaInput> {
  const params = { id: target.saga.order.payment_id };
  const reply = await target.payments.call(refundPayment, { params }, target.call);
  if (reply.status === 200) return { kind: 'done' };
  return reply.status === 409 ? standing(target) : { kind: 'unknown' };
}

/** A conflict only says what the payment is not; what it is decides how it is undone. */
async function standing(target: Target): Promise<SagaInput> {
  switch (await readStatus(target)) {
    case 'declined':
    case 'voided':
    case 'refunded':
      return { kind: 'done' };
    case 'captured':
    case 'capturing':
    case 'refunding':
      return { kind: 'captured' };
    case 'authorized':
    case 'authorizing':
    case 'voiding':
      return { kind: 'not_captured' };
    default:
      return { kind: 'unknown' };
  }
}

async function readStatus({ payments, saga, call }: Target): Promise<Payment['status'] | null> {
  const reply = await payments.call(readPayment, { params: { id: saga.order.payment_id } }, call);
  return reply.status === 200 ? reply.body.status : null;
}

async function release({ inventory, saga, call }: Target): Promise<SagaInput> {
  await inventory.call(releaseReservation, { params: { id: saga.order.reservation_id } }, call);
  return { kind: 'done' };
}

/** What payments says no to now it may say yes to later, when it calls that retryable. */
function refusal(problem: Problem): SagaInput {
  if (problem.retryable) return { kind: 'unknown' };
  return { kind: 'refused', reason: 'rejected', detail: reasonOf(problem) };
}

function reasonOf(problem: Problem): string | null {
  return problem.reason === undefined ? null : cut(problem.reason);
}

function cut(text: string): string | null {
  return text === '' ? null : text.slice(0, DETAIL_LENGTH_MAX);
}
