import type { Clock } from '@faultline/chassis/clock';
import { mount, type ReplyOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type Router from '@koa/router';
import type { z } from 'zod';
import * as api from '../src/provider/sandbox-api.ts';
import type { Operation } from './behaviour.ts';
import type { ChargeRecord } from './charge.ts';
import type { Charges } from './charges.ts';

type Context = { res: { once(event: 'close', listener: () => void): unknown; destroy(): unknown } };
type SandboxDeps = { charges: Charges; clock: Clock };

/** Longer than any merchant waits. */
const NEVER_MS = 60_000;

/** Serves the sandbox provider's API on `router`. */
export function mountSandbox(router: Router, deps: SandboxDeps): void {
  const { charges } = deps;
  mount(router, api.createCharge, async ({ headers, body, ctx }) => {
    if (!charges.expect(body)) {
      throw new ProblemError('unprocessable', 'The reference belongs to another charge.');
    }
    const key = headers['idempotency-key'];
    return operate(deps, { reference: body.reference, operation: 'authorize', key, ctx });
  });
  mountChange(router, deps, { endpoint: api.captureCharge, operation: 'capture' });
  mountChange(router, deps, { endpoint: api.voidCharge, operation: 'void' });
  mountChange(router, deps, { endpoint: api.refundCharge, operation: 'refund' });
  mount(router, api.findCharge, async ({ params }) => {
    const found = charges.get(params.reference);
    if (!found) throw noCharge();
    return { status: 200, body: view(found) };
  });
  mount(router, api.listCharges, async ({ query: { cursor, limit } }) => {
    const items = charges.list(cursor, limit).map(view);
    const last = items.length === limit ? items.at(-1) : undefined;
    return { status: 200, body: { items, next_cursor: last?.reference ?? null } };
  });
}

type Change = typeof api.captureCharge | typeof api.voidCharge | typeof api.refundCharge;

function mountChange(
  router: Router,
  deps: SandboxDeps,
  { endpoint, operation }: { endpoint: Change; operation: Operation },
): void {
  mount(router, endpoint, async ({ params, headers, ctx }) => {
    const { reference } = params;
    if (!deps.charges.get(reference)) throw noCharge();
    return operate(deps, { reference, operation, key: headers['idempotency-key'], ctx });
  });
}

async function operate(
  { charges, clock }: SandboxDeps,
  request: { reference: string; operation: Operation; key: string; ctx: Context },
): Promise<ReplyOf<typeof api.createCharge> & { status: 200 }> {
  const { reference, operation, key, ctx } = request;
  const behaviour = charges.arrive(reference, operation);
  if (!behaviour) throw noCharge();
  const { answer, delayMs, decline } = behaviour;
  if (answer === 'error') {
    await charges.keep(reference);
    throw new ProblemError('internal', 'The sandbox was told to fail once.');
  }
  // Goes on though the caller may leave: that is what makes an authorisation late.
  if (delayMs > 0) await clock.sleep(delayMs);
  const outcome = await charges.perform(reference, { operation, key, decline });
  if (answer === 'never') await hang(ctx, clock);
  return { status: 200, body: outcome };
}

async function hang({ res }: Context, clock: Clock): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  await clock.sleep(NEVER_MS, gone.signal);
  res.destroy();
}

function view({ reference, amount, status, decline_reason, effects }: ChargeRecord) {
  if (status === 'none') throw noCharge();
  return { reference, amount, status, decline_reason, effects } satisfies z.input<
    typeof api.charge
  >;
}

function noCharge(): ProblemError {
  return new ProblemError('not_found', 'There is no charge with this reference.');
}
