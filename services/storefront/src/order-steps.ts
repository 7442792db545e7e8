import type { Order } from '@faultline/contracts/orders';

export type StepState = 'done' | 'now' | 'waiting' | 'failed' | 'undone';
export type OrderStep = { readonly label: string; readonly state: StepState };

/** Where an order stands, in words and steps. Browsers run this too, so it imports nothing. */
export type OrderProgress = {
  readonly headline: string;
  readonly explanation: string;
  readonly steps: readonly OrderStep[];
  /** Nothing will change any more by itself. */
  readonly settled: boolean;
  readonly cancellable: boolean;
};

type Facts = Pick<Order, 'status' | 'failure_reason' | 'failure_detail'>;

const labels = ['Placed', 'Stock reserved', 'Paid', 'Confirmed'] as const;

const failures: Readonly<Record<NonNullable<Order['failure_reason']>, [number, string]>> = {
  out_of_stock: [1, 'Something in it was sold out. Nothing was charged.'],
  product_unavailable: [1, 'Something in it is no longer sold. Nothing was charged.'],
  payment_declined: [2, 'The payment was declined. Nothing was charged.'],
  timed_out: [1, 'It took too long to complete. Nothing was charged.'],
  rejected: [1, 'It could not be accepted. Nothing was charged.'],
};

const open = { settled: false, cancellable: false };
const closed = { settled: true, cancellable: false };

/** Describes an order for its owner. */
export function progressOf(order: Facts): OrderProgress {
  switch (order.status) {
    case 'pending':
      return {
        headline: 'We are working on your order',
        explanation: 'Stock is being reserved and the payment taken. This page follows along.',
        steps: steps(['done', 'now', 'waiting', 'waiting']),
        settled: false,
        cancellable: true,
      };
    case 'confirmed':
      return {
        headline: 'Your order is confirmed',
        explanation: 'Everything is reserved and paid. Thank you!',
        steps: steps(['done', 'done', 'done', 'done']),
        settled: true,
        cancellable: true,
      };
    case 'failed':
      return { ...closed, ...failed(order) };
    case 'cancelling':
      return { ...open, ...undoing('Your order is being cancelled', 'The payment is let go.') };
    case 'cancelled':
      return { ...closed, ...undone('Your order is cancelled', 'You pay nothing for it.') };
    case 'refunding':
      return { ...open, ...undoing('Your money is on its way back', 'The refund is under way.') };
    case 'refunded':
      return { ...closed, ...undone('Your order was refunded', 'You got the whole amount back.') };
  }
}

type Told = Pick<OrderProgress, 'headline' | 'explanation' | 'steps'>;

function steps(states: readonly [StepState, StepState, StepState, StepState]): OrderStep[] {
  return labels.map((label, index) => ({ label, state: states[index] ?? 'waiting' }));
}

function failed({ failure_reason, failure_detail }: Facts): Told {
  const [at, why] = failures[failure_reason ?? 'rejected'];
  return {
    headline: 'Your order did not go through',
    explanation: failure_detail ? `${why} ${failure_detail}` : why,
    steps: labels.map((label, index) => ({
      label,
      state: index < at ? 'done' : index === at ? 'failed' : 'waiting',
    })),
  };
}

function undoing(headline: string, explanation: string): Told {
  return { headline, explanation, steps: [step('Placed', 'done'), step('Undoing', 'now')] };
}

function undone(headline: string, explanation: string): Told {
  return { headline, explanation, steps: [step('Placed', 'done'), step('Undone', 'undone')] };
}

function step(label: string, state: StepState): OrderStep {
  return { label, state };
}
