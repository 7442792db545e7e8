import { runWithTraceparent } from '@faultline/telemetry/spans-api';
import type { PaymentsDeps } from './deps.ts';
import {
  firstStep,
  isPending,
  type Operation,
  type Step,
  stepAfterAct,
  stepAfterFind,
} from './payment.ts';
import * as store from './payment-store.ts';
import type { Outcome } from './provider/port.ts';
import { settle } from './settlement.ts';

const RESOLVE_MAX = 50;

/**
 * Takes a leased payment as far as the provider's answers allow and returns it as it stands then.
 * No transaction is open while the provider is called. With `ask` the provider is first asked how
 * the charge stands; without, this is the first call of an operation just begun.
 */
export async function advance(
  deps: PaymentsDeps,
  record: store.PaymentRecord,
  { ask }: { ask: boolean },
): Promise<store.PaymentRecord> {
  const { status } = record;
  const first =
    ask || !isPending(status)
      ? stepAfterFind(status, await deps.provider.find(record.id))
      : firstStep(status);
  if (first.kind !== 'act') return conclude(deps, record, first);
  const { operation } = first;
  deps.crash?.(`payments.${operation}.before-provider`);
  const outcome = await callProvider(deps, record, operation);
  deps.crash?.(`payments.${operation}.after-provider`);
  const concluded = await conclude(deps, record, stepAfterAct(operation, outcome));
  deps.crash?.(`payments.${operation}.after-commit`);
  return concluded;
}

/** Settles what is open about a payment, unless somebody is at it; undefined for an unknown id. */
export async function resolve(
  deps: PaymentsDeps,
  id: string,
): Promise<store.PaymentRecord | undefined> {
  const found = await store.findPayment(deps.postgres.pool, id);
  if (!found || !isPending(found.status) || found.busy) return found;
  const leased = await deps.postgres.transaction(async (tx) => {
    const locked = await store.lockPayment(tx, id);
    if (!locked || !isPending(locked.status) || locked.busy) return undefined;
    return store.lease(tx, id, deps.timing.leaseMs);
  });
  return leased ? advance(deps, leased, { ask: true }) : store.findPayment(deps.postgres.pool, id);
}

/** Settles payments that were left open, up to 50 at once; returns how many it looked at. */
export async function resolveDue(deps: PaymentsDeps): Promise<number> {
  const due = await deps.postgres.transaction((tx) =>
    store.leaseDue(tx, { limit: RESOLVE_MAX, leaseMs: deps.timing.leaseMs }),
  );
  const results = await Promise.allSettled(
    due.map((record) =>
      runWithTraceparent(record.traceparent, () => advance(deps, record, { ask: true })),
    ),
  );
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    deps.log.warn({ err: result.reason }, 'a payment could not be resolved; it is tried again');
  }
  return due.length;
}

async function callProvider(
  { provider }: PaymentsDeps,
  record: store.PaymentRecord,
  operation: Operation,
): Promise<Outcome> {
  const request = { reference: record.id, key: `${record.id}:${operation}` };
  if (operation !== 'authorize') return provider[operation](request);
  if (record.token === null) throw new Error(`payment ${record.id} has no token to authorise with`);
  return provider.authorize({ ...request, amount: record.money, token: record.token });
}

async function conclude(
  deps: PaymentsDeps,
  record: store.PaymentRecord,
  step: Step,
): Promise<store.PaymentRecord> {
  const { postgres, timing } = deps;
  if (step.kind === 'settle') {
    const settled = await settle(deps, record, step);
    if (settled) return settled;
    // Voided while the authorisation was on its way: what came late must be let go of.
    if (step.status === 'authorized') {
      await store.recheckVoided(postgres.pool, record.id, timing.watchMs);
    }
  } else {
    const pauseMs = Math.min(
      timing.retryMs * 2 ** Math.min(record.attempts, 20),
      timing.retryMsMax,
    );
    const whileWatched = step.kind === 'watch';
    await store.postpone(postgres.pool, record, { pauseMs, whileWatched });
  }
  const current = await store.findPayment(postgres.pool, record.id);
  if (!current) throw new Error(`payment ${record.id} cannot be read back`);
  return current;
}
