import type { Money } from '@faultline/contracts/common';

/** How a call to the provider ended. `unknown`: no usable answer, so it may or may not have acted. */
export type Outcome =
  | { kind: 'approved' }
  | { kind: 'declined'; reason: string }
  | { kind: 'unknown' };

/** A charge as the provider knows it. */
export type Charge = {
  status: 'authorized' | 'declined' | 'captured' | 'voided' | 'refunded';
  declineReason: string | null;
};

/** What the provider says about a reference. */
export type Found = { kind: 'charge'; charge: Charge } | { kind: 'none' } | { kind: 'unknown' };

/** One operation on a charge. The same `key` again has no further effect and the same outcome. */
export type ChargeRequest = { reference: string; key: string };

/** Who holds and moves the money. Never throws: an answer that does not come is an outcome. */
export type PaymentProvider = {
  authorize(request: ChargeRequest & { amount: Money; token: string }): Promise<Outcome>;
  capture(request: ChargeRequest): Promise<Outcome>;
  void(request: ChargeRequest): Promise<Outcome>;
  refund(request: ChargeRequest): Promise<Outcome>;
  /** The charge with our reference, the payment's id. */
  find(reference: string): Promise<Found>;
};
