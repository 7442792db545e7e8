import { getOrder, listOrders } from '@faultline/contracts/orders';
import { pick } from '../chance.ts';
import type { Journey } from './journey.ts';

/** Looks at the list of one's orders, and at one of them. */
export const readOrder: Journey = {
  name: 'orders',
  weight: 8,
  requests: 2,
  async make({ steps, random, customers }) {
    const customer = customers.withOrders(random) ?? (await customers.anyone(steps, random));
    const { headers } = await customers.session(steps, customer);
    const query = { limit: 10 };
    await steps.call(listOrders, { query }, { headers, expect: [200] });
    if (customer.orders.length === 0) return;
    const id = pick(random, customer.orders);
    await steps.call(
      getOrder,
      { params: { id } },
      {
        headers,
        expect: [200],
        judge: ({ body }) =>
          body.id === id ? {} : { failure: `asked for order ${id}, got ${body.id}` },
      },
    );
  },
};
