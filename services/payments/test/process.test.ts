import { fileURLToPath } from 'node:url';
import { systemClock } from '@faultline/chassis/clock';
import { createHttpClient } from '@faultline/chassis/http-client';
import { eventually } from '@faultline/chassis/testing/eventually';
import { type ServiceProcess, startProcess } from '@faultline/chassis/testing/process';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import * as contract from '@faultline/contracts/payments';
import { expect } from 'chai';
import { charge } from '../src/provider/sandbox-api.ts';
import { migrationsDir, newId, price, temporaryDir } from './harness.ts';

const dir = fileURLToPath(new URL('..', import.meta.url));
/** A logical database that no other test publishes to. */
const REDIS_INDEX = 4;

describe('the payments and provider processes', () => {
  let database: TestDatabase;
  let record: Awaited<ReturnType<typeof temporaryDir>>;
  const running: ServiceProcess[] = [];

  before(async () => {
    database = await createTestDatabase(migrationsDir);
    record = await temporaryDir();
  });

  after(async () => {
    await Promise.all(running.map((service) => service.stop('SIGKILL')));
    await database.drop();
    await record.remove();
  });

  async function start(env: Record<string, string>, entry?: string): Promise<ServiceProcess> {
    const service = await startProcess({ dir, env, ...(entry ? { entry } : {}) });
    running.push(service);
    return service;
  }

  function startProvider(address = '127.0.0.1:0'): Promise<ServiceProcess> {
    const env = { SERVICE_NAME: 'payment-provider', DATA_DIR: record.path, LISTEN_HTTP: address };
    return start(env, 'sandbox/main.ts');
  }

  function startPayments(
    provider: ServiceProcess,
    env: Record<string, string> = {},
  ): Promise<ServiceProcess> {
    return start({
      SERVICE_NAME: 'payments',
      DATABASE_URL: database.url,
      REDIS_URL: testRedisUrl(REDIS_INDEX),
      PAYMENT_PROVIDER_URL: provider.http,
      PROVIDER_TIMEOUT_MS: '300',
      RESOLVE_INTERVAL_MS: '50',
      ...env,
    });
  }

  function clientOf({ http }: ServiceProcess) {
    const client = createHttpClient({
      name: 'payments',
      baseUrl: http,
      timeoutMs: 5_000,
      clock: systemClock,
      metrics: { finished: () => undefined },
    });
    const call = () => ({
      signal: new AbortController().signal,
      deadlineMs: systemClock.monotonic() + 5_000,
    });
    return {
      authorize: (id: string) =>
        client.call(
          contract.authorizePayment,
          {
            headers: { 'idempotency-key': id },
            body: { payment_id: id, order_id: id, amount: price, token: 'tok_ok' },
          },
          call(),
        ),
      capture: (id: string) => client.call(contract.capturePayment, { params: { id } }, call()),
    };
  }

  async function chargeOf(provider: ServiceProcess, id: string) {
    return charge.parse(await (await fetch(`${provider.http}/charges/${id}`)).json());
  }

  async function statusOf(id: string): Promise<string | undefined> {
    const { rows } = await database.pool.query<{ status: string }>(
      'SELECT status FROM payments WHERE id = $1',
      [id],
    );
    return rows[0]?.status;
  }

  it('killed between the capture and its record: the next process finds one capture', async () => {
    const provider = await startProvider();
    const id = newId();
    const doomed = await startPayments(provider, {
      CRASH_POINTS: 'payments.capture.after-provider',
    });
    await clientOf(doomed).authorize(id);
    const lost: unknown = await clientOf(doomed)
      .capture(id)
      .catch((error: unknown) => error);
    expect(lost).to.have.property('failure', 'unknown');
    expect((await doomed.ended).signal).to.equal('SIGKILL');
    expect(await statusOf(id)).to.equal('capturing');
    expect((await chargeOf(provider, id)).effects.capture).to.equal(1);

    const next = await startPayments(provider);
    await eventually(async () => expect(await statusOf(id)).to.equal('captured'));
    expect((await clientOf(next).capture(id)).status).to.equal(200);
    expect((await chargeOf(provider, id)).effects.capture).to.equal(1);
    const { rows } = await database.pool.query('SELECT FROM ledger_entries WHERE payment_id = $1', [
      id,
    ]);
    expect(rows).to.have.length(2);
    expect(await next.stop()).to.deep.equal({ code: 0, signal: null });
    expect(await provider.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it('restarts the provider in the middle: it remembers its charges and nobody pays twice', async () => {
    const first = await startProvider();
    const payments = clientOf(await startPayments(first));
    const id = newId();
    expect((await payments.authorize(id)).status).to.equal(201);
    await first.stop('SIGKILL');
    expect((await payments.capture(id)).status).to.equal(202);

    const second = await startProvider(new URL(first.http).host);
    await eventually(async () => expect(await statusOf(id)).to.equal('captured'));
    expect(await chargeOf(second, id)).to.deep.include({
      status: 'captured',
      effects: { authorize: 1, capture: 1, void: 0, refund: 0 },
    });
    expect((await fetch(`${second.admin}/readyz`)).status).to.equal(200);
  });
});
