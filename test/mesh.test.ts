import { eventually } from '@faultline/chassis/testing/eventually';
import { runLoad } from '@faultline/load/run';
import { expect } from 'chai';
import { signalProcess } from '../local/src/process/identity.ts';
import { decisionsSince, lookAtProxies } from '../local/src/mesh/views.ts';
import { toEdges } from '../local/src/mesh/edges.ts';
import { Shop } from './support/shop.ts';
import { sharedSystem, type System } from './support/system.ts';

type Visit = {
  durationMs: number;
  /** Ends it before its time. */
  signal?: AbortSignal;
  /** Told how many have been answered. */
  onRequest?(count: number): void;
};

/** Orders and visits as people make them, open loop. */
function people(system: System, { onRequest, ...visit }: Visit) {
  const weights = { buy: 2, browse: 1, orders: 1 };
  let count = 0;
  const onOutcome = () => onRequest?.((count += 1));
  return runLoad({ target: system.url, rps: 10, seed: 11, weights, onOutcome, ...visit });
}

describe('the shop behind its mesh', function () {
  this.timeout(120_000);
  let system: System;

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    await system.engine.scale('inventory', 2);
  });
  after(async () => {
    system.engine.faults.clear(undefined);
    await system.engine.scale('inventory', 1);
  });

  const instances = () => system.engine.instances('inventory');

  it('calls every neighbour by mTLS', async () => {
    const shop = new Shop(system);
    await shop.stocks({ lamp: 10 });
    await (await shop.customer()).orders({ lamp: 1 });
    const views = await lookAtProxies(system.engine.status());
    const edges = toEdges(views, views, 1_000).filter(({ protocol }) => protocol === 'http');
    const between = edges.filter(({ target }) => target !== 'payment-provider');
    expect(between.map(({ source, target }) => `${source} ${target}`)).to.include.members([
      ...['gateway orders', 'orders catalog', 'orders inventory', 'orders payments'],
    ]);
    for (const { source, target, mtls } of between) {
      expect(mtls, `${source} → ${target}`).to.equal(true);
    }
  });

  it('lets a caller without an identity see metrics and nothing else', async () => {
    for (const { name, instances: own } of system.engine.status().services) {
      for (const { admin_url: admin, proxy_admin_url: proxy } of own) {
        if (proxy === null) continue;
        expect((await fetch(`${admin}/metrics`)).status, name).to.equal(200);
        const { servers } = await (await fetch(`${proxy}/debug/snapshot`)).json();
        const http = servers.find(({ port }: { port: number }) => port === 8080);
        const isOpen = http.authorizations.some(
          (grant: { authentication: object }) => !('identities' in grant.authentication),
        );
        expect(isOpen, `${name} is open to those who prove nothing`).to.equal(name === 'gateway');
      }
    }
  });

  it('fails no order when one of two instances is killed', async () => {
    const pids = instances().map(({ pid }) => pid ?? 0);
    const onRequest = (count: number) => {
      if (count === 30) signalProcess(pids[0] ?? 0, 'SIGKILL');
      if (count === 90) signalProcess(pids[1] ?? 0, 'SIGKILL');
    };
    const report = await people(system, { durationMs: 14_000, onRequest });
    const restarts = instances().map((one) => one.restarts);
    expect(restarts).to.deep.equal([1, 1]);
    expect(report.errors).to.deep.equal([]);
    expect(report.failed).to.equal(0);
    expect(report.orders.confirmed).to.equal(report.orders.placed).and.be.greaterThan(5);
    await system.untilReady();
  });

  it('takes out an instance that fails every request, and lets it in again', async () => {
    const [sick] = instances();
    const target = sick?.name ?? '';
    const { id } = system.engine.faults.add({ kind: 'error', target, status: 500, lease: '60s' });
    const over = new AbortController();
    const load = people(system, { durationMs: 45_000, signal: over.signal });
    const ejected = async () => {
      const views = await lookAtProxies(system.engine.status());
      return toEdges(views, views, 1_000).some((edge) => edge.ejected.includes(target));
    };
    try {
      await eventually(async () => expect(await ejected()).to.equal(true), 15_000);
      system.engine.faults.clear(id);
      const startedMs = Date.now();
      await eventually(async () => {
        const served = await decisionsSince(system.engine.status(), startedMs);
        const well = served.filter(({ instance, status }) => instance === target && status === 200);
        expect(well).not.to.have.length(0);
        expect(await ejected()).to.equal(false);
      }, 30_000);
    } finally {
      // Whether it has come back or not, nobody needs to come any more.
      over.abort();
      await load;
    }
  });
});
