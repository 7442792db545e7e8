import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { readPayment } from '@faultline/contracts/payments';
import type { PaymentsDeps } from '../deps.ts';
import { toPayment } from '../payment-store.ts';
import { resolve } from '../processor.ts';

/** Asks the provider about what is open first, so that whoever reads learns the truth. */
export function read(deps: PaymentsDeps): Handler<typeof readPayment> {
  return async ({ params }) => {
    const record = await resolve(deps, params.id);
    if (!record) throw noPayment();
    return { status: 200, body: toPayment(record) };
  };
}

export function noPayment(): ProblemError {
  return new ProblemError('not_found', 'There is no such payment.');
}
