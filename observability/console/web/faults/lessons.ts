import { ask, engine, type EngineStatus } from '../core/engine.ts';

/** A well-known way to fail, with what one should see. */
export type Lesson = {
  readonly id: string;
  readonly name: string;
  readonly what: string;
  readonly see: string;
  /** Services and stores without which it cannot be shown. */
  readonly needs: readonly string[];
  readonly start: () => Promise<unknown>;
};

const LEASE = '60s';
const WAIT_MS = 45_000;
const POLL_MS = 700;

/** In the order in which they are best learnt. */
export const lessons: readonly Lesson[] = [
  {
    id: 'broken-payments',
    name: 'Broken payments',
    what: 'Calls from orders to payments answer 503.',
    see: 'Payments turns origin, and it stays there: orders are taken and wait, browsing goes on. They settle when the fault ends, and none is charged twice.',
    needs: ['orders', 'payments'],
    start: () => engine.addFault({ kind: 'error', target: 'orders->payments', lease: LEASE }),
  },
  {
    id: 'slow-dependency',
    name: 'Slow dependency',
    what: 'Half of what catalog answers comes two seconds late.',
    see: 'Catalog turns origin without a single error; whoever calls it turns slow, up to the people.',
    needs: ['catalog'],
    start: () =>
      engine.addFault({ kind: 'delay', target: 'catalog', delay: '2s', share: 50, lease: LEASE }),
  },
  {
    id: 'retry-storm',
    name: 'Retry storm',
    what: 'Inventory fails for 60 of 100 calls.',
    see: 'Edges into inventory thicken: each caller tries again, so a sick service gets more to do. What a retry saves is absorbed, and the retry budget ends the storm.',
    needs: ['inventory'],
    start: () => engine.addFault({ kind: 'error', target: 'inventory', share: 60, lease: LEASE }),
  },
  {
    id: 'sick-replica',
    name: 'Sick replica',
    what: 'Inventory gets a second instance, and one of the two fails while its probes stay green.',
    see: 'One instance turns origin, not the service. Callers’ breakers open on it, and what people see recovers while it is still sick.',
    needs: ['inventory'],
    start: startSickReplica,
  },
  {
    id: 'half-dead-store',
    name: 'Half-dead store',
    what: 'Half of what PostgreSQL answers comes a second late.',
    see: 'One store turns origin, and every service with a database turns victim at once: the width of it is the sign.',
    needs: ['postgres'],
    start: () =>
      engine.addFault({
        kind: 'delay',
        target: 'store:postgres',
        delay: '1s',
        share: 50,
        lease: LEASE,
      }),
  },
  {
    id: 'bad-canary',
    name: 'Bad canary',
    what: 'A new version of catalog is deployed, and it fails for half of what it is asked.',
    see: 'Catalog shows two versions; a check fails at a small weight, traffic goes back to the old one, and the report tells how many requests met it.',
    needs: ['catalog'],
    start: startBadCanary,
  },
];

async function startSickReplica(): Promise<unknown> {
  await engine.scale('inventory', 2);
  const [first] = await instancesOf('inventory', ({ ready }) => ready);
  if (!first) throw new Error('inventory has no instance that is ready');
  return engine.addFault({ kind: 'error', target: first, status: 500, lease: LEASE });
}

type Instance = EngineStatus['services'][number]['instances'][number] & { role?: string | null };

async function instancesOf(
  service: string,
  isWanted: (instance: Instance) => boolean,
): Promise<string[]> {
  const { services } = await engine.status();
  const all = services.find(({ name }) => name === service)?.instances ?? [];
  return all.filter(isWanted).map(({ name }) => name);
}

/** Deploys what runs already under a new name; what is bad about it is a fault on its instances. */
async function startBadCanary(): Promise<unknown> {
  const version = `bad-${Date.now().toString(36).slice(-5)}`;
  await ask('deploy', { service: 'catalog', version, skip: ['typecheck', 'tests', 'contracts'] });
  const deadlineMs = performance.now() + WAIT_MS;
  for (;;) {
    const [canary] = await instancesOf('catalog', ({ role, ready }) => role === 'canary' && ready);
    if (canary !== undefined) {
      return engine.addFault({
        kind: 'error',
        target: canary,
        status: 500,
        share: 50,
        lease: '120s',
      });
    }
    if (performance.now() > deadlineMs) throw new Error('the new version never became ready');
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}
