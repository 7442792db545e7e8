import type { CallContext } from '@faultline/chassis/call';
import type { Clock } from '@faultline/chassis/clock';
import { DependencyError, type HttpClient } from '@faultline/chassis/http-client';
import type { ChargeRequest, Found, Outcome, PaymentProvider } from './port.ts';
import * as api from './sandbox-api.ts';

/** The sandbox provider behind the port. `timeoutMs` bounds each call, whoever waits for it. */
export function sandboxProvider(options: {
  client: HttpClient;
  clock: Clock;
  timeoutMs: number;
}): PaymentProvider {
  const { client, clock, timeoutMs } = options;
  // Not the caller's context: a call that has begun is worth its answer even if the caller leaves.
  const call = (): CallContext => ({
    signal: new AbortController().signal,
    deadlineMs: clock.monotonic() + timeoutMs,
  });
  const change = (endpoint: Change) => (request: ChargeRequest) =>
    outcomeOf(() => client.call(endpoint, addressed(request), call()));
  return {
    authorize: ({ reference, key, amount, token }) =>
      outcomeOf(() =>
        client.call(
          api.createCharge,
          { headers: { 'idempotency-key': key }, body: { reference, amount, token } },
          call(),
        ),
      ),
    capture: change(api.captureCharge),
    void: change(api.voidCharge),
    refund: change(api.refundCharge),
    find: (reference) =>
      answered<Found>(async () => {
        const reply = await client.call(api.findCharge, { params: { reference } }, call());
        if (reply.status === 404) return { kind: 'none' };
        const { status, decline_reason } = reply.body;
        return { kind: 'charge', charge: { status, declineReason: decline_reason } };
      }),
  };
}

type Change = typeof api.captureCharge | typeof api.voidCharge | typeof api.refundCharge;

function addressed({ reference, key }: ChargeRequest) {
  return { params: { reference }, headers: { 'idempotency-key': key } };
}

type Reply = { status: 200; body: api.ChargeOutcome } | { status: 404 | 422; body: unknown };

function outcomeOf(request: () => Promise<Reply>): Promise<Outcome> {
  return answered<Outcome>(async () => {
    const reply = await request();
    if (reply.status !== 200) return { kind: 'unknown' };
    return reply.body.outcome === 'approved'
      ? { kind: 'approved' }
      : { kind: 'declined', reason: reply.body.reason ?? 'declined' };
  });
}

async function answered<T>(ask: () => Promise<T>): Promise<T | { kind: 'unknown' }> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DependencyError) return { kind: 'unknown' };
    throw error;
  }
}
