import { listOrders, listStock, setStock } from '@faultline/contracts/admin';
import type { Journey } from './journey.ts';

const runsLowBelow = 20;
const refill = 500;

/** Looks at the latest orders and fills up what runs low, as whoever runs the shop does. */
export const backOffice: Journey = {
  name: 'admin',
  weight: 2,
  requests: 3,
  async make({ steps, customers, admin }) {
    if (admin === undefined) return;
    const { headers } = await customers.admin(steps, admin);
    await steps.call(listOrders, { query: { limit: 20 } }, { headers, expect: [200] });
    const query = { available_below: runsLowBelow, limit: 5 };
    const low = await steps.call(listStock, { query }, { headers, expect: [200] });
    const [level] = low.body.items;
    if (level === undefined) return;
    const { product_id: id, version } = level;
    // 412: somebody bought or stocked it meanwhile; next time, then.
    await steps.call(
      setStock,
      { params: { id }, body: { available: refill, version } },
      { headers, expect: [200, 412] },
    );
  },
};
