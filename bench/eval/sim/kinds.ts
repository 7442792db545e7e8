import { killInstance, roll, startInstance, stopInstance } from './operate.ts';
import { addFault, at, expect, pause, ready, share, type Stage, whole } from './plan.ts';
import type { Effect } from './types.ts';

export type Kind = (stage: Stage) => void;

const SERVICES = ['catalog', 'inventory', 'orders', 'payments', 'profiles', 'images', 'storefront'];
const EDGES = [
  ['gateway', 'catalog'],
  ['gateway', 'orders'],
  ['gateway', 'profiles'],
  ['gateway', 'storefront'],
  ['gateway', 'images'],
  ['storefront', 'catalog'],
  ['storefront', 'inventory'],
  ['storefront', 'orders'],
  ['orders', 'inventory'],
  ['orders', 'payments'],
  ['orders', 'catalog'],
] as const;
const DATABASE_USERS = ['catalog', 'inventory', 'orders', 'payments', 'profiles', 'images'];

function delay(stage: Stage): Effect {
  const delayMs = pause(stage);
  return { kind: 'delay', delayMs, jitterMs: delayMs * 0.2 };
}

function error(stage: Stage): Effect {
  return { kind: 'error', status: stage.kernel.pick([500, 503, 503, 502]) };
}

function onService(name: string, effect: (stage: Stage) => Effect): Kind {
  return (stage) => {
    const service = stage.kernel.pick(SERVICES);
    const id = addFault(stage, {
      at: 'inbound',
      to: service,
      effect: effect(stage),
      share: share(stage),
      direction: stage.kernel.pick(['request', 'request', 'response']),
    });
    expect(stage, name, { accepted: whole(stage, service), faults: [id] });
  };
}

function onEdge(name: string, effect: (stage: Stage) => Effect): Kind {
  return (stage) => {
    const [from, to] = stage.kernel.pick(EDGES);
    const id = addFault(stage, {
      at: 'outbound',
      from,
      to,
      effect: effect(stage),
      share: share(stage),
    });
    const accepted = [{ kind: 'edge', service: to, edge: { from, to } }] as const;
    expect(stage, name, { accepted, faults: [id] });
  };
}

function onReplica(name: string, effect: (stage: Stage) => Effect, place: 'inbound' | 'app'): Kind {
  return (stage) => {
    const services = SERVICES.filter((service) => ready(stage, service).length > 1);
    const service = stage.kernel.pick(services);
    const instance = stage.kernel.pick(ready(stage, service)).name;
    const id = addFault(stage, { at: place, to: service, instance, effect: effect(stage) });
    const accepted = [{ kind: 'instance', service, instance }] as const;
    expect(stage, name, { accepted, faults: [id] });
  };
}

function onStore(name: string, effect: (stage: Stage) => Effect): Kind {
  return (stage) => {
    const store = stage.kernel.pick(['postgres', 'postgres', 'redis']);
    const direction = stage.kernel.pick(['request', 'request', 'response'] as const);
    const id = addFault(stage, { at: 'tcp', to: store, effect: effect(stage), direction });
    expect(stage, name, { accepted: [{ kind: 'store', service: store }], faults: [id] });
  };
}

function onProvider(name: string, effect: (stage: Stage) => Effect): Kind {
  return (stage) => {
    const to = 'payment-provider';
    const id = addFault(stage, { at: 'outbound', to, effect: effect(stage) });
    const accepted = [
      { kind: 'provider', service: to },
      { kind: 'edge', service: to, edge: { from: 'payments', to } },
    ] as const;
    expect(stage, name, { accepted, faults: [id] });
  };
}

const blackhole = (): Effect => ({ kind: 'blackhole' });
const reset = (): Effect => ({ kind: 'reset' });
const heavy = (stage: Stage): Effect => ({
  kind: 'cpu',
  ms: stage.part === 'tuning' ? stage.kernel.pick([60, 90]) : stage.kernel.between(50, 120),
});

/** Kills one instance, chosen before the run so that it can be written down. */
function killOne(stage: Stage): void {
  const { kernel, world, startMs, endMs } = stage;
  const service = kernel.pick(SERVICES);
  const victim = kernel.pick(ready(stage, service));
  const only = ready(stage, service).length === 1;
  const awayMs = kernel.pick([1_000, 2_500, endMs - startMs]);
  const withSidecar = kernel.random() < 0.6;
  const options = { withSidecar, awayMs, startMs: kernel.between(700, 1_800) };
  at(stage, startMs, () => kernel.spawn(killInstance(world, victim, options)));
  const instance = { kind: 'instance', service, instance: victim.name } as const;
  const accepted = only ? [instance, { kind: 'service', service } as const] : [instance];
  expect(stage, only ? 'kill the only instance' : 'kill one of several', { accepted });
}

function badCanary(effect: (stage: Stage) => Effect, name: string): Kind {
  return (stage) => {
    const { kernel, world, startMs, part } = stage;
    const service = kernel.pick([
      'catalog',
      'inventory',
      'orders',
      'profiles',
      'storefront',
      'images',
    ]);
    const version = '1.1.0';
    const weight = part === 'tuning' ? kernel.pick([10, 25, 50]) : kernel.pick([15, 30, 40]);
    at(stage, startMs - 3_000, () => {
      world.change({ kind: 'deploy', service, version, detail: `${service} ${version}` });
      const started = startInstance(world, { service, version, startMs: 1_200 });
      started.listed = false;
    });
    at(stage, startMs, () => {
      world.weights.set(
        service,
        new Map([
          ['1.0.0', 100 - weight],
          [version, weight],
        ]),
      );
      world.change({ kind: 'weight', service, version, detail: `${weight} % to ${version}` });
    });
    const id = addFault(stage, { at: 'app', to: service, version, effect: effect(stage) });
    const accepted = [{ kind: 'version', service, version }] as const;
    expect(stage, name, { accepted, faults: [id] });
  };
}

function badRollout(stage: Stage): void {
  const { kernel, world, startMs } = stage;
  const service = kernel.pick([
    'catalog',
    'inventory',
    'orders',
    'profiles',
    'storefront',
    'images',
  ]);
  const version = '1.1.0';
  const effect: Effect = kernel.random() < 0.6 ? { kind: 'error', status: 500 } : heavy(stage);
  at(stage, startMs - 1_500, () => {
    world.change({ kind: 'deploy', service, version, detail: `${service} ${version}` });
    kernel.spawn(roll(world, service, version));
  });
  const id = addFault(stage, { at: 'app', to: service, version, effect });
  expect(stage, 'bad rollout', { accepted: [{ kind: 'version', service, version }], faults: [id] });
}

function slowConsumer(stage: Stage): void {
  const { kernel, part } = stage;
  const [stream, service] = kernel.pick([
    ['images.jobs', 'images'],
    ['orders.events', 'notifications'],
  ] as const);
  const delayMs = part === 'tuning' ? kernel.pick([3_000, 5_000]) : kernel.between(2_500, 6_000);
  const id = addFault(stage, {
    at: 'consumer',
    to: stream,
    effect: { kind: 'delay', delayMs, jitterMs: 0 },
  });
  const operation = stream === 'images.jobs' ? 'POST /api/v1/images' : 'POST /api/v1/orders';
  const factor = stream === 'images.jobs' ? 6 : 3;
  stage.surges.push({ startMs: 0, endMs: Infinity, factor, operation });
  const accepted = [{ kind: 'queue', service: stream }, ...whole(stage, service)] as const;
  expect(stage, 'queue backlog', { accepted, faults: [id] });
}

function retryStorm(stage: Stage): void {
  const service = stage.kernel.pick(['catalog', 'inventory', 'images', 'orders']);
  const id = addFault(stage, {
    at: 'inbound',
    to: service,
    effect: { kind: 'error', status: 503 },
    share: 0.7,
  });
  stage.surges.push({ startMs: 0, endMs: Infinity, factor: 3 });
  expect(stage, 'retry storm', { accepted: whole(stage, service), faults: [id] });
}

function overload(stage: Stage): void {
  const { startMs, endMs, kernel, part } = stage;
  const factor = part === 'tuning' ? kernel.pick([14, 20]) : kernel.between(12, 25);
  stage.surges.push({ startMs, endMs, factor });
  expect(stage, 'overload', { accepted: [{ kind: 'load', service: 'gateway' }] });
}

function two(stage: Stage): void {
  const { kernel } = stage;
  const pairs = [
    ['profiles', 'catalog'],
    ['images', 'inventory'],
    ['profiles', 'payments'],
    ['images', 'orders'],
    ['inventory', 'profiles'],
    ['catalog', 'images'],
  ] as const;
  for (const service of kernel.pick(pairs)) {
    const effect = kernel.random() < 0.5 ? error(stage) : delay(stage);
    const id = addFault(stage, { at: 'inbound', to: service, effect });
    expect(stage, 'two at once', { accepted: whole(stage, service), faults: [id] });
  }
}

function unrelatedDeploy(stage: Stage): void {
  const { kernel, world, startMs, expected } = stage;
  const broken = new Set(
    expected.flatMap(({ accepted }) => accepted.map(({ service }) => service)),
  );
  const service = kernel.pick(SERVICES.filter((name) => !broken.has(name)));
  stage.distractors.push('unrelated deploy');
  at(stage, startMs - kernel.between(0, 4_000), () => {
    world.change({ kind: 'deploy', service, version: '1.1.0', detail: `${service} 1.1.0` });
    kernel.spawn(roll(world, service, '1.1.0'));
  });
}

/** A fault of another kind while somebody deploys something that is well. */
function besidesDeploy(stage: Stage): void {
  const before = stage.expected.length;
  stage.kernel.pick([onService('', error), onService('', delay), onStore('', delay)])(stage);
  for (const [index, one] of stage.expected.entries()) {
    if (index >= before) stage.expected[index] = { ...one, fault: 'unrelated deploy at once' };
  }
  unrelatedDeploy(stage);
}

function storeEdge(stage: Stage): void {
  const from = stage.kernel.pick(DATABASE_USERS);
  const effect = stage.kernel.pick([delay(stage), reset()]);
  const id = addFault(stage, { at: 'tcp', from, to: 'postgres', effect });
  const accepted = [{ kind: 'edge', service: 'postgres', edge: { from, to: 'postgres' } }] as const;
  expect(stage, 'edge to a store', { accepted, faults: [id] });
}

function hiddenByTimeout(stage: Stage): void {
  const { kernel } = stage;
  const service = kernel.pick(['inventory', 'payments', 'catalog', 'profiles']);
  const delayMs = kernel.between(3_500, 7_000);
  const effect: Effect = { kind: 'delay', delayMs, jitterMs: 200 };
  const id = addFault(stage, { at: kernel.pick(['app', 'inbound']), to: service, effect });
  expect(stage, 'hidden by a timeout', { accepted: whole(stage, service), faults: [id] });
}

/** Hardly anybody comes, and then everybody at once, who stay. */
function loadBegins({ kernel, startMs, surges }: Stage): void {
  const beganMs = startMs - kernel.between(10_000, 22_000);
  surges.push({ startMs: 0, endMs: beganMs, factor: 0.04 });
}

/** A fault soon after people have begun to come. */
function afterLoadBegan(stage: Stage): void {
  loadBegins(stage);
  const name = 'load has just begun';
  const kinds = [onService(name, error), onService(name, delay), onEdge(name, error)];
  stage.kernel.pick([...kinds, onStore(name, delay)])(stage);
}

/** Everything that breaks, by name. */
export const faultKinds: Readonly<Record<string, Kind>> = {
  'service errors': onService('service errors', error),
  'service delay': onService('service delay', delay),
  'service resets': onService('service resets', reset),
  'service black hole': onService('service black hole', blackhole),
  'edge errors': onEdge('edge errors', error),
  'edge delay': onEdge('edge delay', delay),
  'edge black hole': onEdge('edge black hole', blackhole),
  'edge resets': onEdge('edge resets', reset),
  'sick replica errors': onReplica('sick replica errors', error, 'inbound'),
  'sick replica slow': onReplica('sick replica slow', delay, 'inbound'),
  'sick replica busy': onReplica('sick replica busy', heavy, 'app'),
  kill: killOne,
  'store delay': onStore('store delay', delay),
  'store resets': onStore('store resets', reset),
  'store black hole': onStore('store black hole', blackhole),
  'edge to a store': storeEdge,
  'provider errors': onProvider('provider errors', error),
  'provider delay': onProvider('provider delay', delay),
  'provider black hole': onProvider('provider black hole', blackhole),
  'bad canary errors': badCanary(() => ({ kind: 'error', status: 500 }), 'bad canary errors'),
  'bad canary slow': badCanary(heavy, 'bad canary slow'),
  'bad rollout': badRollout,
  'queue backlog': slowConsumer,
  'hidden by a timeout': hiddenByTimeout,
  'retry storm': retryStorm,
  overload,
  'two at once': two,
  'unrelated deploy at once': besidesDeploy,
  'load has just begun': afterLoadBegan,
};

/** Everything that happens to a healthy system. */
export const harmlessKinds: Readonly<Record<string, Kind>> = {
  steady: ({ distractors }) => void distractors.push('steady'),
  deploy: unrelatedDeploy,
  'good canary': (stage) => {
    const { kernel, world, startMs } = stage;
    stage.distractors.push('good canary');
    const service = kernel.pick(SERVICES);
    at(stage, startMs - 2_500, () => {
      world.change({ kind: 'deploy', service, version: '1.1.0', detail: `${service} 1.1.0` });
      startInstance(world, { service, version: '1.1.0', startMs: 1_000 }).listed = false;
    });
    for (const [index, weight] of [10, 30, 50].entries()) {
      at(stage, startMs + index * 6_000, () => {
        world.weights.set(
          service,
          new Map([
            ['1.0.0', 100 - weight],
            ['1.1.0', weight],
          ]),
        );
        world.change({ kind: 'weight', service, version: '1.1.0', detail: `${weight} % to 1.1.0` });
      });
    }
  },
  scale: (stage) => {
    const { kernel, world, startMs } = stage;
    stage.distractors.push('scale');
    const service = kernel.pick(SERVICES);
    at(stage, startMs, () => {
      world.change({
        kind: 'scale',
        service,
        detail: `${service} to ${ready(stage, service).length + 1}`,
      });
      startInstance(world, { service, version: '1.0.0', startMs: 1_200 });
    });
    at(stage, startMs + 10_000, () => {
      const [first, ...others] = ready(stage, service);
      if (!first || others.length === 0) return;
      world.change({ kind: 'scale', service, detail: `${service} to ${others.length}` });
      kernel.spawn(stopInstance(world, first));
    });
  },
  'load begins': (stage) => {
    stage.distractors.push('load begins');
    loadBegins(stage);
  },
  'load spike': (stage) => {
    stage.distractors.push('load spike');
    const { startMs, endMs, kernel } = stage;
    stage.surges.push({ startMs, endMs, factor: kernel.between(2, 4) });
  },
  'client errors': (stage) => {
    stage.distractors.push('client errors');
    const { startMs, endMs } = stage;
    stage.surges.push({ startMs, endMs, factor: 60, operation: 'GET /nowhere' });
  },
  'declined cards': (stage) => {
    stage.distractors.push('declined cards');
    addFault(stage, { at: 'app', to: 'cards', share: 0.7, effect: { kind: 'error', status: 402 } });
  },
  'upload burst': (stage) => {
    stage.distractors.push('upload burst');
    const { startMs } = stage;
    stage.surges.push({
      startMs,
      endMs: startMs + 6_000,
      factor: 20,
      operation: 'POST /api/v1/images',
    });
  },
};
