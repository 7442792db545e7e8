import type { Payment } from '@faultline/contracts/payments';
import type { Charge, Found, Outcome } from './provider/port.ts';

export type PaymentStatus = Payment['status'];

/** The states in which the provider has been asked and its answer is not known. */
export type PendingStatus = 'authorizing' | 'capturing' | 'voiding' | 'refunding';

export type Operation = 'authorize' | 'capture' | 'void' | 'refund';

/** An operation on a payment that exists. */
export type Change = Exclude<Operation, 'authorize'>;

const operations: Readonly<Record<PendingStatus, Operation>> = {
  authorizing: 'authorize',
  capturing: 'capture',
  voiding: 'void',
  refunding: 'refund',
};

export function isPending(status: PaymentStatus): status is PendingStatus {
  return Object.hasOwn(operations, status);
}

/** What a request to change a payment means in its present state. */
export type Plan =
  /** Write `status`, then ask the provider for it. */
  | { kind: 'start'; status: PendingStatus }
  /** Something is open: settle that first, then look again. */
  | { kind: 'settle' }
  | { kind: 'done' }
  | { kind: 'refuse' };

const start = (status: PendingStatus): Plan => ({ kind: 'start', status });
const settle: Plan = { kind: 'settle' };
const done: Plan = { kind: 'done' };

const plans: Readonly<Record<Change, Partial<Record<PaymentStatus, Plan>>>> = {
  capture: {
    authorizing: settle,
    authorized: start('capturing'),
    capturing: settle,
    captured: done,
  },
  void: {
    // Not settled first: that could authorise what nobody wants any more.
    authorizing: start('voiding'),
    authorized: start('voiding'),
    capturing: settle,
    voiding: settle,
    voided: done,
    declined: done,
  },
  refund: {
    capturing: settle,
    captured: start('refunding'),
    refunding: settle,
    refunded: done,
  },
};

/** Decides what `change` means for a payment in `status`. */
export function planChange(status: PaymentStatus, change: Change): Plan {
  return plans[change][status] ?? { kind: 'refuse' };
}

/** The next thing to do for an open payment. */
export type Step =
  | { kind: 'act'; operation: Operation }
  | { kind: 'settle'; status: PaymentStatus; reason: string | null; watch: boolean }
  /** Ask again later, until there is an answer. */
  | { kind: 'wait' }
  /** Nothing there: look again for as long as the payment is watched. */
  | { kind: 'watch' };

function settled(status: PaymentStatus, reason: string | null = null): Step {
  return { kind: 'settle', status, reason, watch: false };
}

const wait: Step = { kind: 'wait' };

/** What to do about an open payment, given what the provider says about its charge. */
export function stepAfterFind(status: PaymentStatus, found: Found): Step {
  if (found.kind === 'unknown') return wait;
  if (found.kind === 'charge') return stepByCharge(status, found.charge);
  if (status === 'authorizing') return { kind: 'act', operation: 'authorize' };
  // The authorisation may still be on its way to the provider.
  if (status === 'voiding') return { kind: 'settle', status: 'voided', reason: null, watch: true };
  return status === 'voided' ? { kind: 'watch' } : wait;
}

/** What the provider would have to say for each open state, and what follows; anything else waits for people. */
const byCharge: Partial<Record<PaymentStatus, Partial<Record<Charge['status'], Step>>>> = {
  authorizing: { authorized: settled('authorized') },
  capturing: {
    authorized: { kind: 'act', operation: 'capture' },
    captured: settled('captured'),
  },
  voiding: {
    authorized: { kind: 'act', operation: 'void' },
    declined: settled('voided'),
    voided: settled('voided'),
  },
  voided: {
    authorized: { kind: 'act', operation: 'void' },
    declined: settled('voided'),
    voided: settled('voided'),
  },
  refunding: { captured: { kind: 'act', operation: 'refund' }, refunded: settled('refunded') },
};

function stepByCharge(status: PaymentStatus, charge: Charge): Step {
  if (status === 'authorizing' && charge.status === 'declined') {
    return settled('declined', charge.declineReason);
  }
  return byCharge[status]?.[charge.status] ?? wait;
}

const approved: Readonly<Record<Operation, PaymentStatus>> = {
  authorize: 'authorized',
  capture: 'captured',
  void: 'voided',
  refund: 'refunded',
};

/** Where a payment stays when the provider refuses; a refused void is a contradiction and waits. */
const refused: Partial<Record<Operation, PaymentStatus>> = {
  authorize: 'declined',
  capture: 'authorized',
  refund: 'captured',
};

/** What to do about an open payment, given how the provider answered `operation`. */
export function stepAfterAct(operation: Operation, outcome: Outcome): Step {
  if (outcome.kind === 'unknown') return wait;
  if (outcome.kind === 'approved') return settled(approved[operation]);
  const status = refused[operation];
  return status ? settled(status, outcome.reason) : wait;
}

/** The first call of an operation that was just begun. */
export function firstStep(status: PendingStatus): Step {
  return { kind: 'act', operation: operations[status] };
}
