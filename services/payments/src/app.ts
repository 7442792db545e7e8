import { mount } from '@faultline/chassis/endpoint';
import * as contract from '@faultline/contracts/payments';
import type Router from '@koa/router';
import type { PaymentsDeps } from './deps.ts';
import { authorize } from './routes/authorize-payment.ts';
import { change } from './routes/change-payment.ts';
import { read } from './routes/read-payment.ts';

/** Serves the payments' API on `router`. */
export function mountPayments(router: Router, deps: PaymentsDeps): void {
  mount(router, contract.authorizePayment, authorize(deps));
  mount(router, contract.readPayment, read(deps));
  mount(router, contract.capturePayment, change(deps, 'capture'));
  mount(router, contract.voidPayment, change(deps, 'void'));
  mount(router, contract.refundPayment, change(deps, 'refund'));
}
