import type { IdempotencyScope } from '@faultline/chassis/idempotency';

/** Keys of authorisations count within the one service that the mesh lets ask for them. */
export function authorizeScope(key: string): IdempotencyScope {
  return { principal: 'orders', operation: 'authorizePayment', key };
}
