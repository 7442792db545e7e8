import { systemClock } from '@faultline/chassis/clock';
import { listen } from '@faultline/chassis/server';
import { silentLog } from '@faultline/chassis/testing/log';
import type { ChangeEvent } from '@faultline/origin/model';
import { expect } from 'chai';
import { Router } from '../http/router.ts';
import { addFlaggerRoute } from './flagger.ts';

const atMs = Date.UTC(2026, 0, 1, 10);

/** Posts what Flagger would; what became of it. */
async function post(bodies: unknown[], headers: Record<string, string> = {}) {
  const changes: ChangeEvent[] = [];
  const router = new Router({ log: silentLog, inFlightMax: 8 });
  addFlaggerRoute(router, { noteChange: (change) => changes.push(change) });
  const address = { host: '127.0.0.1', port: 0 };
  const server = await listen(router.listener, { address, clock: systemClock });
  try {
    const statuses: number[] = [];
    for (const body of bodies) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const reply = await fetch(`${server.url}/api/flagger`, {
        method: 'POST',
        headers,
        body: text,
      });
      statuses.push(reply.status);
    }
    return { changes, statuses };
  } finally {
    await server.drain(systemClock.monotonic());
  }
}

const event = (eventMessage: string) => ({
  name: 'orders',
  namespace: 'shop',
  phase: 'Progressing',
  checksum: '85d557f47b',
  metadata: { eventMessage, eventType: 'Normal', timestamp: String(atMs) },
});

describe('events of Flagger’s', () => {
  it('are changes like those that the local engine tells of', async () => {
    const { changes, statuses } = await post([
      event('New revision detected! Scaling up orders.shop'),
      event('Advance orders.shop canary weight 10'),
      event('Advance orders.shop primary weight 70'),
      event('Routing all traffic to primary'),
      event('Copying orders.shop template spec to orders-primary.shop'),
      event('Canary failed! Scaling down orders.shop'),
    ]);
    expect(changes.map(({ kind, detail }) => `${kind}: ${detail}`)).to.deep.equal([
      'deploy: a new version, which Flagger analyses',
      'weight: 10 % to the new version',
      'weight: 30 % to the new version',
      'weight: all traffic to the primary',
      'promote: the new version becomes what serves',
      'rollback: Flagger has undone the new version',
    ]);
    expect(changes.every((one) => one.service === 'orders' && one.atMs === atMs)).to.equal(true);
    // More than 202 would be a failure to Flagger.
    expect(new Set(statuses)).to.deep.equal(new Set([202]));
  });

  it('that only say how it goes are none', async () => {
    const { changes, statuses } = await post([
      event('Halt orders.shop advancement success-rate 0.00 < 99'),
      event('Starting canary analysis for orders.shop'),
    ]);
    expect([changes, statuses]).to.deep.equal([[], [202, 202]]);
  });

  it('are refused when they are none of Flagger’s', async () => {
    const { changes, statuses } = await post(['no JSON', { name: 'orders' }, 'x'.repeat(70_000)]);
    expect([changes, statuses]).to.deep.equal([[], [400, 400, 413]]);
  });

  it('never come from a page in a browser, to whose machine the port may be forwarded', async () => {
    const { changes, statuses } = await post([event('Canary failed! x')], {
      Origin: 'http://elsewhere.test',
    });
    expect([changes, statuses]).to.deep.equal([[], [403]]);
  });
});
