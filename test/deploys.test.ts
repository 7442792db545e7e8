import { request } from 'node:http';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { OpenLoop } from './support/open-loop.ts';
import { orderIdOf } from './support/placements.ts';
import { changedSince, pidsOf } from './support/processes.ts';
import { deploysPatch, rolloutEnds } from './support/rollouts.ts';
import { requireInvariants } from './support/settle.ts';
import { type Customer, Shop } from './support/shop.ts';
import { followOrder } from './support/sse.ts';
import { type System, watchedSystem } from './support/system.ts';

/** What a request passes that comes from people, each service once. */
const services = [
  ...['gateway', 'storefront', 'catalog', 'inventory', 'orders'],
  ...['payments', 'profiles', 'images', 'notifications', 'admin'],
];

/** What a release of the same code need not pass once more. */
const checks = ['typecheck', 'tests', 'contracts'] as const;

const passedByUploads = new Set(['gateway', 'images']);

describe('deploys while people are in the shop', function () {
  // Half a minute on a quiet machine.
  this.timeout(420_000);
  let system: System;
  let shop: Shop;
  let ann: Customer;
  let load: OpenLoop;

  before(async function () {
    this.timeout(180_000);
    system = await watchedSystem();
    shop = new Shop(system);
    await shop.stocks({ lamp: 100_000 });
    ann = await shop.customer();
    load = crowd(shop, ann);
    load.start();
  });

  after(async function () {
    this.timeout(60_000);
    await load?.stop();
  });

  const label = async () => {
    const { body } = await shop.visitor.get(`/api/v1/products/${shop.product('lamp').slug}`);
    return body['price_label'];
  };

  it('replace every service, one after another, with a stream and an upload under way', async () => {
    const placed = await ann.buys({ lamp: 1 }, { token: 'tok_slow' });
    const stream = `${system.url}/api/v1/orders/${orderIdOf(placed.body)}/events`;
    const followed = followOrder(stream, ann.authorization);
    for (const service of services) {
      const before = pidsOf(system);
      const uploading = passedByUploads.has(service) ? uploadsSlowly(system, ann) : undefined;
      await system.engine.deploy({
        service,
        env: { RESTARTED_BY: 'test' },
        strategy: 'rolling',
        skip: [...checks],
      });
      expect(changedSince(system, before)).to.deep.equal([service]);
      if (uploading) expect(await uploading.finish(), service).to.equal(202);
    }
    expect((await followed).length).to.be.greaterThan(0);
    expect(load.failures).to.deep.equal([]);
  });

  it('give a canary a growing share, and promote it', async () => {
    const before = pidsOf(system);
    const seen = new Set([await label()]);
    await deploysPatch(system, 'price-label.good');
    const report = await rolloutEnds(system, { onLook: async () => seen.add(await label()) });
    expect(report).to.include({ outcome: 'promoted' });
    expect([...seen]).to.have.members(['incl. VAT', 'incl. VAT, free returns']);
    expect(await label()).to.equal('incl. VAT, free returns');
    const weights = report.weights.map(({ weight }) => weight);
    expect(weights).to.include.members([10, 20, 30, 40, 50]);
    expect(changedSince(system, before)).to.deep.equal(['catalog']);
    expect(load.failures).to.deep.equal([]);
  });

  it('take back a version that fails, and harm no more than its share', async () => {
    const before = pidsOf(system);
    await deploysPatch(system, 'all-errors.bad');
    const report = await rolloutEnds(system);
    expect(report.outcome).to.equal('rolled-back');
    // Not every call needs what is broken: on a busy machine the first ones may all be well.
    expect(Math.max(...report.weights.map(({ weight }) => weight))).to.be.lessThan(50);
    const harmed = load.failures.splice(0);
    expect(harmed).not.to.have.length(0);
    // It is counted for some seconds more: what callers noticed last is scraped after the end.
    await eventually(async () => {
      const { report: counted } = await system.engine.rollout('catalog');
      expect(counted?.requests_met).to.be.at.least(harmed.length);
    });
    // Accounts are nothing that catalog is asked for.
    for (const one of harmed) expect(one).not.to.match(/^account/);
    expect(report.time_to_safe_ms).to.be.within(1_000, 60_000);
    expect(await label()).to.equal('incl. VAT, free returns');
    expect(load.failures).to.deep.equal([]);
    expect(changedSince(system, before)).to.deep.equal([]);
  });

  it('take back a version of orders in the midst of its orders, and settle each', async () => {
    const before = pidsOf(system);
    const env = { TRIED_BY: 'test' };
    await system.engine.deploy({ service: 'orders', env, skip: [...checks] });
    await eventually(async () => {
      expect((await system.engine.rollout('orders')).weight).to.be.at.least(30);
    }, 60_000);
    const buying = Array.from({ length: 12 }, () => ann.buys({ lamp: 1 }, { token: 'tok_slow' }));
    await eventually(async () => expect(await ordersOnTrial(system)).to.be.at.least(1));
    await system.engine.rollout('orders', 'abort');
    for (const { status, body } of await Promise.all(buying)) {
      expect(status).to.be.within(201, 202);
      expect((await ann.seesSettled(orderIdOf(body) ?? '')).status).to.equal('confirmed');
    }
    await eventually(() => expect(changedSince(system, before)).to.deep.equal([]), 30_000);
    expect(load.failures).to.deep.equal([]);
  });

  it('add an instance and take it away', async () => {
    await system.engine.scale('orders', 2);
    await eventually(() => expect(system.engine.instances('orders')).to.have.length(2));
    await system.engine.scale('orders', 1);
    expect(load.failures).to.deep.equal([]);
  });

  it('leave every rule kept, and nobody without an answer', async () => {
    await load.stop();
    expect(load.failures).to.deep.equal([]);
    expect(load.answered).to.be.greaterThan(200);
    await requireInvariants(shop);
  });
});

/** How many orders are under way at instances of a version on trial. */
async function ordersOnTrial({ databases }: System): Promise<number> {
  const [row] = await databases.query<{ count: number }>(
    'orders',
    `SELECT count(*)::int FROM sagas
     WHERE next_attempt_at IS NOT NULL AND lease_owner NOT LIKE 'orders-primary-%'`,
  );
  return row?.count ?? 0;
}

/** What people do, over connections that are kept alive; mostly they look. */
function crowd(shop: Shop, customer: Customer): OpenLoop {
  const { slug } = shop.product('lamp');
  const product = () => shop.visitor.get(`/api/v1/products/${slug}`);
  return new OpenLoop(
    {
      product,
      search: () => shop.visitor.get('/api/v1/products', { query: { q: 'lamp' } }),
      'product again': product,
      order: () => customer.buys({ lamp: 1 }),
      'product once more': product,
      account: () => customer.api.get('/api/v1/me'),
      'product at last': product,
      home: () => shop.visitor.get('/'),
    },
    { perSecond: 8 },
  );
}

/** Sends a picture byte by byte, and the rest when asked; answers the status. */
function uploadsSlowly(system: System, customer: Customer): { finish(): Promise<number> } {
  const picture = Buffer.from(onePixel, 'base64');
  const headers = {
    authorization: customer.authorization,
    'content-type': 'image/png',
    'content-length': picture.length,
  };
  const upload = request(`${system.url}/api/v1/images`, { method: 'POST', headers });
  const status = new Promise<number>((resolve, reject) => {
    upload.once('error', reject);
    upload.once('response', (reply) => resolve(reply.resume().statusCode ?? 0));
  });
  let sent = 0;
  const dribble = () => {
    if (sent < picture.length - 1) upload.write(picture.subarray(sent, ++sent));
  };
  dribble();
  // Who sends nothing for some seconds is given up, and rightly.
  const timer = setInterval(dribble, 1_000);
  return {
    finish() {
      clearInterval(timer);
      upload.end(picture.subarray(sent));
      return status;
    },
  };
}

const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
