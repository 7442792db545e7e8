import { expect } from 'chai';
import { OpenLoop } from './support/open-loop.ts';
import { requireInvariants } from './support/settle.ts';
import { type Customer, Shop } from './support/shop.ts';
import { sharedSystem, type System } from './support/system.ts';

/** What an order passes; with too many starting at once a small machine fails for want of time. */
const pairs = [
  ['gateway', 'inventory'],
  ['catalog', 'orders'],
] as const;
const services = pairs.flat();

describe('instances that leave in order', function () {
  this.timeout(120_000);
  let system: System;
  let shop: Shop;
  let load: OpenLoop;

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    shop = new Shop(system);
    await shop.stocks({ lamp: 100_000 });
    const ann = await shop.customer();
    load = crowd(shop, ann);
    await Promise.all(services.map((name) => system.engine.scale(name, 2)));
    load.start();
  });

  after(async () => {
    await load.stop();
    await Promise.all(services.map((name) => system.engine.scale(name, 1)));
  });

  it('are restarted without a failed request', async () => {
    const before = load.answered;
    for (const pair of pairs) await Promise.all(pair.map((name) => restartOne(system, name)));
    expect(load.failures).to.deep.equal([]);
    expect(load.answered - before).to.be.greaterThan(50);
  });

  it('go, two becoming one, without a failed request', async () => {
    const before = load.answered;
    await Promise.all(services.map((name) => system.engine.scale(name, 1)));
    expect(load.failures).to.deep.equal([]);
    expect(load.answered - before).to.be.greaterThan(50);
  });

  it('leave every rule kept', async () => {
    await load.stop();
    expect(load.failures).to.deep.equal([]);
    await requireInvariants(shop);
  });
});

async function restartOne(system: System, service: string): Promise<void> {
  const [first] = system.engine.instances(service);
  if (!first) throw new Error(`restart one of ${service}: there is none`);
  await system.engine.restart(first.name);
}

/** What people do, all over connections that are kept alive. */
function crowd(shop: Shop, customer: Customer): OpenLoop {
  const { slug } = shop.product('lamp');
  return new OpenLoop(
    {
      home: () => shop.visitor.get('/'),
      search: () => shop.visitor.get('/api/v1/products', { query: { q: 'lamp' } }),
      product: () => shop.visitor.get(`/api/v1/products/${slug}`),
      account: () => customer.api.get('/api/v1/me'),
      order: () => customer.buys({ lamp: 1 }),
      orders: () => customer.api.get('/api/v1/orders', { query: { limit: 5 } }),
    },
    { perSecond: 12 },
  );
}
