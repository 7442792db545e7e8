import type { Money } from '@faultline/contracts/common';
import type { ChargeOutcome } from '../src/provider/sandbox-api.ts';
import type { Operation } from './behaviour.ts';

/** `none`: an authorisation was tried and had no effect. */
type ChargeStatus = 'none' | 'authorized' | 'declined' | 'captured' | 'voided' | 'refunded';

/** All the sandbox knows of a charge, its idempotency record included. */
export type ChargeRecord = {
  reference: string;
  amount: Money;
  token: string;
  status: ChargeStatus;
  decline_reason: string | null;
  calls: Record<Operation, number>;
  effects: Record<Operation, number>;
  outcomes: Record<string, ChargeOutcome>;
};

const transitions: Readonly<Record<Operation, { from: ChargeStatus; to: ChargeStatus }>> = {
  authorize: { from: 'none', to: 'authorized' },
  capture: { from: 'authorized', to: 'captured' },
  void: { from: 'authorized', to: 'voided' },
  refund: { from: 'captured', to: 'refunded' },
};

export function newCharge(
  charge: Pick<ChargeRecord, 'reference' | 'amount' | 'token'>,
): ChargeRecord {
  const counts = () => ({ authorize: 0, capture: 0, void: 0, refund: 0 });
  return {
    ...charge,
    status: 'none',
    decline_reason: null,
    calls: counts(),
    effects: counts(),
    outcomes: {},
  };
}

/**
 * The charge after `operation` under `key`: unchanged when the key was used before, otherwise with
 * the operation's effect, or its refusal for `decline` or for a state that does not allow it.
 */
export function perform(
  charge: ChargeRecord,
  { operation, key, decline }: { operation: Operation; key: string; decline?: string | undefined },
): { charge: ChargeRecord; outcome: ChargeOutcome } {
  const known = charge.outcomes[key];
  if (known) return { charge, outcome: known };
  const { from, to } = transitions[operation];
  const reason = decline ?? (charge.status === from ? null : `charge_is_${charge.status}`);
  const outcome: ChargeOutcome = { outcome: reason === null ? 'approved' : 'declined', reason };
  const outcomes = { ...charge.outcomes, [key]: outcome };
  if (reason === null) {
    const effects = { ...charge.effects, [operation]: charge.effects[operation] + 1 };
    return { charge: { ...charge, status: to, effects, outcomes }, outcome };
  }
  const rejected = operation === 'authorize' && charge.status === 'none';
  return {
    charge: rejected
      ? { ...charge, status: 'declined', decline_reason: reason, outcomes }
      : { ...charge, outcomes },
    outcome,
  };
}
