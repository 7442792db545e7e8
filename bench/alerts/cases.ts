import type { Engine } from '../../local/src/engine-types.ts';

/** Something that is done to the shop; the answer undoes it. */
export type Deed = (engine: Engine) => () => Promise<void> | void;

/** An alert with what it is for. */
export type Case = {
  readonly name: string;
  /** Labels of the alerts that must fire, all of them. */
  readonly alerts: readonly Readonly<Record<string, string>>[];
  /** In words, for the table. */
  readonly fault: string;
  readonly deed: Deed;
  /** How long it may take until all have fired, and, once it is undone, until all are over. */
  readonly firesMs: number;
  readonly endsMs: number;
};

const LEASE = '15m';

/** As `faultline fault add` does it. */
function fault(...specs: readonly Readonly<Record<string, string | number>>[]): Deed {
  return (engine) => {
    const ids = specs.map((spec) => engine.faults.add({ ...spec, lease: LEASE }).id);
    return () => {
      for (const id of ids) engine.faults.clear(id);
    };
  };
}

/** Stops the trace store where it is: it neither answers nor ends. */
const frozenTraceStore: Deed = (engine) => {
  const { pid } = engine.status().stores.find(({ name }) => name === 'traces') ?? {};
  if (pid === undefined || pid === null)
    throw new Error('freeze the trace store: it does not run here');
  process.kill(pid, 'SIGSTOP');
  return () => void process.kill(pid, 'SIGCONT');
};

/** One of two instances answers nothing but errors. */
const oneSickInstance: Deed = (engine) => {
  const [sick] = engine.instances('inventory');
  if (sick === undefined) throw new Error('make an instance sick: inventory has none');
  return fault({ kind: 'error', target: sick.name, status: 500 })(engine);
};

const burn = (labels: Readonly<Record<string, string>>) => ({
  alertname: 'ErrorBudgetBurn',
  ...labels,
});

/** In the order in which they disturb those after them least. */
export const cases: readonly Case[] = [
  {
    name: 'burn-fast',
    alerts: [
      burn({ journey: 'buy', slo: 'availability', window: '1h' }),
      burn({ journey: 'buy', slo: 'availability', window: '6h' }),
    ],
    fault: 'error on gateway->orders',
    deed: fault({ kind: 'error', target: 'gateway->orders', status: 503 }),
    firesMs: 60_000,
    endsMs: 240_000,
  },
  {
    name: 'burn-latency',
    alerts: [burn({ journey: 'browse', slo: 'latency', window: '1h' })],
    fault: 'delay 1.5s on catalog',
    deed: fault({ kind: 'delay', target: 'catalog', delay: '1500ms' }),
    firesMs: 90_000,
    endsMs: 240_000,
  },
  {
    name: 'retries',
    alerts: [{ alertname: 'RetryStorm' }],
    fault: 'error on 60 % of catalog',
    deed: fault({ kind: 'error', target: 'catalog', status: 503, share: 60, method: 'GET' }),
    firesMs: 90_000,
    endsMs: 120_000,
  },
  {
    name: 'breaker',
    alerts: [{ alertname: 'BreakerOpen', server: 'inventory' }],
    fault: 'error on one of two instances of inventory',
    deed: oneSickInstance,
    firesMs: 120_000,
    endsMs: 120_000,
  },
  {
    name: 'unreachable',
    alerts: [{ alertname: 'StoreUnreachable', service: 'profiles', dependency: 'postgresql' }],
    fault: 'reset on profiles->postgres',
    deed: fault({ kind: 'reset', target: 'profiles->postgres' }),
    firesMs: 90_000,
    endsMs: 90_000,
  },
  {
    name: 'outbox',
    alerts: [{ alertname: 'EventsNotPublished', service: 'orders' }],
    fault: 'blackhole on orders->redis',
    deed: fault({ kind: 'blackhole', target: 'orders->redis' }),
    firesMs: 120_000,
    endsMs: 120_000,
  },
  {
    name: 'backlog',
    alerts: [{ alertname: 'EventBacklog', service: 'notifications' }],
    fault: 'delay 2s on notifications->postgres',
    deed: fault({ kind: 'delay', target: 'notifications->postgres', delay: '2s' }),
    firesMs: 240_000,
    endsMs: 180_000,
  },
  {
    name: 'store',
    alerts: [{ alertname: 'StoreDown', dependency: 'redis' }],
    fault: 'reset on redis',
    deed: fault({ kind: 'reset', target: 'redis' }),
    firesMs: 90_000,
    endsMs: 90_000,
  },
  {
    name: 'target',
    alerts: [{ alertname: 'TargetDown', service: 'payments' }],
    fault: 'kill on payments',
    deed: fault({ kind: 'kill', target: 'payments' }),
    firesMs: 120_000,
    endsMs: 120_000,
  },
  {
    name: 'unwatched',
    alerts: [{ alertname: 'JourneysUnwatched' }],
    fault: 'kill on gateway',
    deed: fault({ kind: 'kill', target: 'gateway' }),
    firesMs: 120_000,
    endsMs: 120_000,
  },
  {
    name: 'spans',
    alerts: [{ alertname: 'SpansLost' }],
    fault: 'the trace store stands still',
    deed: frozenTraceStore,
    firesMs: 180_000,
    endsMs: 120_000,
  },
  {
    name: 'burn-slow',
    alerts: [
      burn({ journey: 'buy', slo: 'availability', window: '1d' }),
      burn({ journey: 'buy', slo: 'availability', window: '3d' }),
    ],
    fault: 'error on 2 % of gateway->orders',
    deed: fault({ kind: 'error', target: 'gateway->orders', status: 503, share: 2 }),
    firesMs: 600_000,
    // The short window of the slowest is six hours: twelve minutes here.
    endsMs: 840_000,
  },
];
