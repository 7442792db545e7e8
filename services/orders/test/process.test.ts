import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type Router from '@koa/router';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { type Endpoint, mount } from '@faultline/chassis/endpoint';
import type { HttpClient } from '@faultline/chassis/http-client';
import { createMetrics } from '@faultline/chassis/metrics';
import { serve, type TestServer } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import { type ServiceProcess, startProcess } from '@faultline/chassis/testing/process';
import { testRedisUrl } from '@faultline/chassis/testing/stores';
import { quoteProducts } from '@faultline/contracts/catalog';
import { inventoryApi } from '@faultline/contracts/inventory';
import { paymentsApi } from '@faultline/contracts/payments';
import { expect } from 'chai';
import { alice, draft, Shop } from './shop.ts';

describe('the orders process', function () {
  // Two starts a test of Node.js, on a machine that may have other things to do.
  this.timeout(60_000);
  let shop: Shop;
  let neighbours: TestServer;
  let traces: string[];
  before(async () => {
    shop = await Shop.open();
  });
  beforeEach(async () => {
    traces = [];
    neighbours = await serveNeighbours(shop, (traceparent) => traces.push(traceparent));
  });
  afterEach(async () => {
    await neighbours.close();
    await shop.reset();
  });
  after(() => shop.close());

  const start = (env: Record<string, string> = {}): Promise<ServiceProcess> =>
    startProcess({
      dir: fileURLToPath(new URL('..', import.meta.url)),
      env: {
        ...{ PATH: process.env['PATH'] ?? '', NODE_OPTIONS: '--import @faultline/telemetry/start' },
        ...{ SERVICE_NAME: 'orders', DATABASE_URL: shop.database.url, REDIS_URL: testRedisUrl(4) },
        CATALOG_URL: neighbours.url,
        INVENTORY_URL: neighbours.url,
        PAYMENTS_URL: neighbours.url,
        SAGA_LEASE_MS: '1000',
        ...env,
      },
    });

  for (const point of ['order.after-insert', 'saga.capture.after-call', 'relay.after-publish']) {
    it(`is killed at ${point}; the next one finishes the order, in the same trace`, async () => {
      const trace = randomBytes(16).toString('hex');
      const dying = await start({ CRASH_POINTS: point });
      await place(dying, trace).catch(() => 'the connection broke');
      expect((await dying.ended).signal).to.equal('SIGKILL');
      const heir = await start();
      const status = await eventually(async () => {
        const answer = await place(heir, trace);
        expect(answer).to.equal(201);
        return answer;
      }, 20_000);
      expect(status).to.equal(201);
      await shop.settled();
      await eventually(async () => {
        const unpublished = await shop.query('SELECT seq FROM outbox WHERE published_at IS NULL');
        expect(unpublished).to.deep.equal([]);
      });
      expect(await shop.statuses()).to.deep.equal(['confirmed']);
      expect(new Set(traces)).to.deep.equal(new Set([trace]));
      const rows = await shop.query('SELECT traceparent FROM outbox');
      expect(rows.map((row) => String(row['traceparent']).split('-')[1])).to.deep.equal([
        trace,
        trace,
      ]);
      expect(await heir.stop()).to.deep.equal({ code: 0, signal: null });
    });
  }
});

async function place({ http }: ServiceProcess, trace: string): Promise<number> {
  const response = await fetch(`${http}/api/v1/orders`, {
    method: 'POST',
    headers: {
      ...{ 'x-principal-id': alice, 'content-type': 'application/json', 'idempotency-key': 'k' },
      traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01`,
    },
    body: JSON.stringify(draft()),
  });
  await response.arrayBuffer();
  return response.status;
}

/** The fake neighbours of the shop behind real HTTP, telling the trace of each call. */
function serveNeighbours(shop: Shop, traced: (traceId: string) => void): Promise<TestServer> {
  const { app, router } = createApp({
    ...{ name: 'neighbours', version: '1', requestTimeoutMs: 5_000 },
    ...{ clock: systemClock, log: silentLog, metrics: createMetrics().http },
    draining: () => false,
  });
  const { catalog, inventory, payments } = shop.neighbours;
  mountFake(router, [quoteProducts], catalog, traced);
  mountFake(router, inventoryApi.slice(1, 5), inventory, traced);
  mountFake(router, paymentsApi, payments, traced);
  return serve(app);
}

function mountFake(
  router: Router,
  endpoints: readonly Endpoint[],
  client: HttpClient,
  traced: (traceId: string) => void,
): void {
  for (const endpoint of endpoints) {
    mount(router, endpoint, async ({ params, body, headers, call, ctx }) => {
      traced(ctx.get('traceparent').split('-')[1] ?? '');
      const reply = await client.call(endpoint, { params, body, headers }, call);
      return { status: reply.status, body: reply.body };
    });
  }
}
