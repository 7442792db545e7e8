import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { systemClock } from '@faultline/chassis/clock';
import type { Watcher } from '@faultline/store/watch/watcher';
import { rolloutOf, type RolloutPart } from './rollouts.ts';

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

/** One rollout that goes on, one that was undone; all others rest. */
const parts: Readonly<Record<string, RolloutPart>> = { catalog: 'rolling', payments: 'undone' };

function rollouts(watcher: Watcher) {
  const services = watcher.topology().nodes.filter(({ kind }) => kind === 'service');
  return services.map(({ name }) => rolloutOf(name, parts[name] ?? 'at rest'));
}
