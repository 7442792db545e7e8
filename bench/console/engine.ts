import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { systemClock } from '@faultline/chassis/clock';
import type { Watcher } from '@faultline/store/watch/watcher';
import { openReport, recordTick } from '../../local/src/rollouts/report.ts';

type Listed = { id: string; kind: string; target: string; endsMs: number; startedMs: number };

/** Stands in for the engine's control socket: it answers in the engine's shapes and does nothing. */
export async function serveEngine(
  path: string,
  watcher: Watcher,
): Promise<{ stop(): Promise<void> }> {
  const faults: Listed[] = [];
  const server = createServer((req, res) => {
    void answer(req, { watcher, faults }).then((reply) => {
      res.writeHead(reply === undefined ? 404 : 200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(reply ?? { error: `no call ${req.url}` }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

type World = { watcher: Watcher; faults: Listed[] };

async function answer(req: IncomingMessage, world: World): Promise<unknown> {
  const { watcher, faults } = world;
  // Whatever a page sends.
  const input = (await json(req)) as Record<string, string | undefined>;
  switch (req.url) {
    case '/status':
      return statusOf(watcher);
    case '/fault-add': {
      const { kind = '', target = '', lease = '60s' } = input;
      const startedMs = systemClock.now();
      const endsMs = startedMs + Number.parseInt(lease, 10) * 1_000;
      faults.push({ id: `fault-${faults.length + 1}`, kind, target, startedMs, endsMs });
      return toFault(faults.at(-1));
    }
    case '/fault-list':
      return faults.filter(({ endsMs }) => endsMs > systemClock.now()).map(toFault);
    case '/fault-clear':
      for (const one of faults) if ([one.id, undefined].includes(input['id'])) one.endsMs = 0;
      return [];
    case '/releases':
      return { releases: [] };
    case '/rollout':
      return rollouts(watcher).find(({ service }) => service === input['service']);
    case '/rollouts':
      return { rollouts: rollouts(watcher) };
    default:
      return undefined;
  }
}

function toFault(fault: Listed | undefined) {
  if (!fault) return undefined;
  const { id, kind, target, startedMs, endsMs } = fault;
  return {
    id,
    kind,
    target,
    share: 100,
    direction: 'request',
    effect: {},
    started_at: new Date(startedMs).toISOString(),
    ends_at: new Date(endsMs).toISOString(),
    remaining_ms: Math.max(0, endsMs - systemClock.now()),
  };
}

function statusOf(watcher: Watcher) {
  const services = watcher.topology().nodes.filter(({ kind }) => kind === 'service');
  return {
    services: services.map(({ name, versions, instances, ready }) => ({
      name,
      version: versions[0]?.version ?? '1.0.0',
      replicas: instances,
      instances: Array.from({ length: instances }, (_, at) => ({
        name: `${name}-${at + 1}`,
        version: versions[0]?.version ?? '1.0.0',
        pid: 1_000 + at,
        proxy_pid: 2_000 + at,
        ready: at < ready,
        restarts: 0,
        state: 'Running',
        admin_url: null,
        proxy_admin_url: null,
      })),
    })),
    stores: ['postgres', 'redis'].map((name) => ({ name, kind: name, ready: true, restarts: 0 })),
    links: {},
  };
}

const metrics = [
  { metric: 'success-rate', value: 99.4, query: 'sum(rate(response_total[20s]))' },
  { metric: 'latency-p95', value: 180, query: 'histogram_quantile(0.95, …)' },
];

/** One rollout that goes on, one that was undone; all others rest. */
function rollouts(watcher: Watcher) {
  const services = watcher.topology().nodes.filter(({ kind }) => kind === 'service');
  return services.map(({ name }) => ({
    service: name,
    phase: name === 'catalog' ? 'Progressing' : name === 'payments' ? 'Failed' : 'Initialized',
    weight: name === 'catalog' ? 30 : 0,
    weights: name === 'catalog' ? { primary: 70, canary: 30 } : { primary: 100, canary: 0 },
    failed_checks: name === 'payments' ? 2 : 0,
    threshold: 2,
    iterations: 0,
    paused: false,
    interval_ms: 10_000,
    primary: { version: '1.0.0', replicas: 1, ready: 1 },
    canary: name === 'catalog' ? { version: '1.1.0', replicas: 1, ready: 1 } : null,
    message: null,
    report: name === 'catalog' || name === 'payments' ? reportOf(name) : null,
  }));
}

function reportOf(service: string) {
  const endMs = systemClock.now();
  let report = openReport({
    service,
    fromVersion: '1.0.0',
    toVersion: '1.1.0',
    atMs: endMs - 60_000,
  });
  const isBad = service === 'payments';
  for (let step = 1; step <= 3; step++) {
    const isLast = step === 3 && isBad;
    report = recordTick(report, {
      atMs: endMs - 60_000 + step * 10_000,
      before: 'Progressing',
      result: {
        // Only what the report reads.
        state: { phase: isLast ? 'Failed' : 'Progressing' } as never,
        actions: [
          { kind: 'set-routes', weights: { primary: 100 - step * 10, canary: step * 10 } } as never,
        ],
        events: [{ type: 'Normal', message: `Advance ${service} canary weight ${step * 10}` }],
      },
      verdicts: metrics.map(({ metric, value, query }) =>
        isBad && step > 1 && metric === 'success-rate'
          ? { kind: 'fail', metric, query, value: 71.2, reason: '71.2 < 99' }
          : { kind: 'pass', metric, query, value },
      ) as never,
      requestsMet: step * 40,
    });
  }
  return report;
}
