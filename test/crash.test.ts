import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CrashCampaign } from './support/crash-campaign.ts';
import { crashPoints } from './support/crash-points.ts';
import { killAtRandom } from './support/monkey.ts';
import { runSeed, seededRandom } from './support/random.ts';
import { requireInvariants } from './support/settle.ts';
import { Shop } from './support/shop.ts';
import { root, sharedSystem, type System } from './support/system.ts';
import { Traffic } from './support/traffic.ts';

/** Work that a dead process held is taken over soon; the tests need not wait for real leases. */
const shortLeases = {
  orders: { SAGA_LEASE_MS: '2000' },
  payments: { PROVIDER_TIMEOUT_MS: '1500', RESOLVE_INTERVAL_MS: '300' },
  inventory: { EXPIRY_INTERVAL_MS: '50' },
};

/** In a second or two where there is time; this bounds what passes on a machine that has none. */
const goesOnMs = 20_000;

describe(`crashes (seed ${runSeed})`, function () {
  this.timeout(480_000);
  let system: System;
  let shop: Shop;
  let traffic: Traffic;

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    shop = new Shop(system);
  });

  beforeEach(() => {
    traffic = new Traffic(shop, seededRandom(runSeed));
  });

  afterEach(async () => {
    await traffic.stop();
    await system.untilReady();
  });

  it('every point at which the code can be told to die is on the list', () => {
    const all = new Set(Object.values(crashPoints).flat());
    const patterns = namedInCode();
    const unknown = patterns.filter((pattern) => ![...all].some((point) => pattern.test(point)));
    const stale = [...all].filter((point) => !patterns.some((pattern) => pattern.test(point)));
    expect({ unknown, stale }).to.deep.equal({ unknown: [], stale: [] });
  });

  it('a process killed at any named point loses nothing and does nothing twice', async () => {
    await scaleAll(system, { orders: 4, payments: 2, inventory: 2 });
    try {
      await traffic.start(4);
      const campaign = new CrashCampaign(system, { points: crashPoints, env: shortLeases });
      await campaign.run(240_000);
      await traffic.stop();
      expect(campaign.pending, 'points never passed').to.deep.equal([]);
      expect(campaign.surprises).to.deep.equal([]);
      expect(campaign.passed).to.have.length(Object.values(crashPoints).flat().length);
      expect(traffic.failures).to.deep.equal([]);
      await requireInvariants(shop);
    } finally {
      await scaleAll(system, { orders: 1, payments: 1, inventory: 1 });
    }
  });

  it('processes killed at random for 8 s lose nothing and do nothing twice', async () => {
    const services = system.engine.status().services.map(({ name }) => name);
    await traffic.start(5);
    const killed = await killAtRandom(system, {
      services,
      random: seededRandom(runSeed),
      durationMs: 8_000,
    });
    await traffic.stop();
    expect(killed).to.have.length.of.at.least(6);
    expect(traffic.failures).to.deep.equal([]);
    await requireInvariants(shop);
  });

  for (const [store, how] of [
    ['postgres', { now: false }],
    ['postgres', { now: true }],
    ['redis', { now: true }],
  ] as const) {
    const ended = how.now ? 'killed' : 'restarted';
    it(`${store} ${ended} under load: every process lives, orders go on`, async () => {
      const buyer = await shop.customer();
      await traffic.start(4);
      const before = processes(system);
      await system.engine.restart(store, how);
      const reply = await buyer.insistsOn({ common: 1 }, {}, goesOnMs);
      expect(reply.status).to.equal(201);
      await system.untilReady(goesOnMs);
      await traffic.stop();
      expect(processes(system)).to.deep.equal(before);
      expect(traffic.failures).to.deep.equal([]);
    });
  }

  it('redis silent under load: people buy and look, and what waits follows when it answers', async () => {
    const buyer = await shop.customer();
    await traffic.start(4);
    const redis = system.engine.status().stores.find(({ name }) => name === 'redis');
    if (!redis?.pid) throw new Error('find the process of redis: there is none');
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const reply = await buyer.insistsOn({ common: 1 }, {}, goesOnMs);
      expect(reply.status).to.equal(201);
      const page = await shop.visitor.get(`/api/v1/products/${shop.product('common').slug}`);
      expect(page.status).to.equal(200);
      expect(page.body['degraded']).to.deep.equal([]);
      const [{ waiting = 0 } = {}] = await system.databases.query<{ waiting: number }>(
        'orders',
        'SELECT count(*)::int AS waiting FROM outbox WHERE published_at IS NULL',
      );
      expect(waiting).to.be.greaterThan(0);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await traffic.stop();
    expect(traffic.failures).to.deep.equal([]);
  });

  it('stores that went and came back leave every rule kept', async () => {
    await sendMailsSooner(system);
    await requireInvariants(shop);
  });
});

async function scaleAll(system: System, counts: Record<string, number>): Promise<void> {
  await Promise.all(
    Object.entries(counts).map(([service, count]) => system.engine.scale(service, count)),
  );
}

/**
 * As if the time had passed that a mail waits which could not be sent again and again: half a minute
 * by then. One with more time left may be with somebody who is sending it.
 */
async function sendMailsSooner({ databases }: System): Promise<void> {
  await databases.query(
    'notifications',
    `UPDATE mails SET next_attempt_at = now()
     WHERE status = 'queued' AND next_attempt_at < now() + interval '20 s'`,
  );
}

function processes(system: System): (number | null)[] {
  return system.engine
    .status()
    .services.flatMap(({ instances }) => instances.map(({ pid }) => pid));
}

/** What the code calls its points, as patterns: `saga.${step}.after-call` is `saga\..+\.after-call`. */
function namedInCode(): RegExp[] {
  const files = globSync('{packages,services}/*/src/**/*.ts', { cwd: root });
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/crash\?\.\(\s*(['`])(.+?)\1/g)].map(([, , name = '']) => {
      const parts = name.split(/\$\{[^}]*\}/).map((part) => RegExp.escape(part));
      return new RegExp(`^${parts.join('.+')}$`);
    });
  });
}
