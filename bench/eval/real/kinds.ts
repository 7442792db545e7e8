import type { Origin } from '@faultline/origin/model';
import type { Random } from '@faultline/mesh-core/random';

/** What is done to a real shop in one episode, and what may rightly be named. */
export type Episode = {
  /** The group it is scored in. */
  readonly fault: string;
  readonly faults: readonly {
    readonly spec: FaultSpec;
    readonly accepted: readonly Origin[];
    /** Whose requests meet it. */
    readonly meets: Meets;
  }[];
  /** Something that is done beside it and is no fault. */
  readonly besides?: Disturbance;
};

export type FaultSpec = Readonly<Record<string, string | number>> & { kind: string };
export type Meets = { readonly from?: string; readonly to: string; readonly instance?: string };

export type Disturbance =
  | { readonly kind: 'restart' | 'scale'; readonly service: string }
  | { readonly kind: 'rush'; readonly factor: number }
  | { readonly kind: 'uploads' | 'nothing' };

/** What an episode is drawn from. */
export type Draw = {
  readonly random: Random;
  /** Names of the instances of a service. */
  readonly instances: (service: string) => readonly string[];
  readonly part: 'tuning' | 'held-out';
};

export type RealKind = (draw: Draw) => Episode;

const SERVICES = ['catalog', 'inventory', 'orders', 'payments', 'profiles', 'storefront'];
const EDGES = [
  ['gateway', 'catalog'],
  ['gateway', 'orders'],
  ['gateway', 'profiles'],
  ['gateway', 'storefront'],
  ['storefront', 'catalog'],
  ['storefront', 'inventory'],
  ['orders', 'inventory'],
  ['orders', 'payments'],
  ['orders', 'catalog'],
] as const;
const DATABASE_USERS = ['catalog', 'inventory', 'orders', 'payments', 'profiles'];
const PROVIDER = 'payment-provider';

function pick<T>({ random }: Pick<Draw, 'random'>, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('pick: expected at least one value');
  return value;
}

/** Services that go on without one of their instances. */
function several({ instances }: Draw): string[] {
  return SERVICES.filter((service) => instances(service).length > 1);
}

/** A service with one instance and that instance are the same thing. */
function whole({ instances }: Draw, service: string): Origin[] {
  const [only, ...others] = instances(service);
  const itself: Origin = { kind: 'service', service };
  if (only === undefined || others.length > 0) return [itself];
  return [itself, { kind: 'instance', service, instance: only }];
}

function delay(draw: Draw): FaultSpec {
  const delays = draw.part === 'tuning' ? ['400ms', '1s', '2s'] : ['500ms', '1500ms', '3s'];
  return { kind: 'delay', delay: pick(draw, delays) };
}

const error = (draw: Draw): FaultSpec => ({
  kind: 'error',
  status: pick(draw, [500, 503]),
  share: pick(draw, [100, 100, 50]),
});
const reset = (): FaultSpec => ({ kind: 'reset' });
const blackhole = (): FaultSpec => ({ kind: 'blackhole' });

function onService(fault: string, effect: (draw: Draw) => FaultSpec): RealKind {
  return (draw) => {
    const service = pick(draw, SERVICES);
    const spec = { ...effect(draw), target: service };
    return { fault, faults: [{ spec, accepted: whole(draw, service), meets: { to: service } }] };
  };
}

function onEdge(fault: string, effect: (draw: Draw) => FaultSpec): RealKind {
  return (draw) => {
    const [from, to] = pick(draw, EDGES);
    const accepted = [{ kind: 'edge', service: to, edge: { from, to } }] as const;
    const spec = { ...effect(draw), target: `${from}->${to}` };
    return { fault, faults: [{ spec, accepted, meets: { from, to } }] };
  };
}

function onReplica(fault: string, effect: (draw: Draw) => FaultSpec): RealKind {
  return (draw) => {
    const service = pick(draw, several(draw));
    const instance = pick(draw, draw.instances(service));
    const accepted = [{ kind: 'instance', service, instance }] as const;
    const spec = { ...effect(draw), target: instance };
    return { fault, faults: [{ spec, accepted, meets: { to: service, instance } }] };
  };
}

function onStore(fault: string, effect: (draw: Draw) => FaultSpec): RealKind {
  return (draw) => {
    const store = pick(draw, ['postgres', 'redis']);
    const accepted = [{ kind: 'store', service: store }] as const;
    const spec = { ...effect(draw), target: `store:${store}` };
    return { fault, faults: [{ spec, accepted, meets: { to: store } }] };
  };
}

function onProvider(fault: string, effect: (draw: Draw) => FaultSpec): RealKind {
  return (draw) => {
    const edge = { from: 'payments', to: PROVIDER };
    const accepted = [
      { kind: 'provider', service: PROVIDER },
      { kind: 'edge', service: PROVIDER, edge },
    ] as const;
    const spec = { ...effect(draw), target: `payments->${PROVIDER}` };
    return { fault, faults: [{ spec, accepted, meets: edge }] };
  };
}

function storeEdge(draw: Draw): Episode {
  const from = pick(draw, DATABASE_USERS);
  const edge = { from, to: 'postgres' };
  const accepted = [{ kind: 'edge', service: 'postgres', edge }] as const;
  const spec = { ...pick(draw, [delay(draw), reset()]), target: `${from}->store:postgres` };
  return { fault: 'edge to a store', faults: [{ spec, accepted, meets: edge }] };
}

function kill(draw: Draw): Episode {
  const service = pick(draw, SERVICES);
  const names = draw.instances(service);
  const target = pick(draw, names);
  const instance = { kind: 'instance', service, instance: target } as const;
  const isOnly = names.length === 1;
  return {
    fault: isOnly ? 'kill the only instance' : 'kill one of several',
    faults: [
      {
        spec: { kind: 'kill', target },
        accepted: isOnly ? [instance, { kind: 'service', service }] : [instance],
        meets: { to: service },
      },
    ],
  };
}

function hiddenByTimeout(draw: Draw): Episode {
  const service = pick(draw, ['inventory', 'payments', 'catalog', 'profiles']);
  const spec = { kind: 'delay', delay: pick(draw, ['4s', '6s']), target: service };
  return {
    fault: 'hidden by a timeout',
    faults: [{ spec, accepted: whole(draw, service), meets: { to: service } }],
  };
}

function retryStorm(draw: Draw): Episode {
  const service = pick(draw, ['catalog', 'inventory']);
  const spec = { kind: 'error', status: 503, share: 70, target: service };
  return {
    fault: 'retry storm',
    faults: [{ spec, accepted: whole(draw, service), meets: { to: service } }],
    besides: { kind: 'rush', factor: 1.5 },
  };
}

/** Pictures come faster than they can be worked on while each step of that work is slow. */
function backlog(draw: Draw): Episode {
  const edge = { from: 'images', to: 'postgres' };
  const spec = { kind: 'delay', delay: '1500ms', target: 'images->store:postgres' };
  return {
    fault: 'queue backlog',
    faults: [
      {
        spec,
        accepted: [
          { kind: 'queue', service: 'jobs of renditions' },
          { kind: 'queue', service: 'images.jobs' },
          { kind: 'edge', service: 'postgres', edge },
          ...whole(draw, 'images'),
        ],
        meets: edge,
      },
    ],
    besides: { kind: 'uploads' },
  };
}

function two(draw: Draw): Episode {
  const pairs = [
    ['profiles', 'catalog'],
    ['profiles', 'payments'],
    ['inventory', 'profiles'],
  ] as const;
  const faults = pick(draw, pairs).map((service) => ({
    spec: { ...pick(draw, [error, delay])(draw), target: service },
    accepted: whole(draw, service),
    meets: { to: service },
  }));
  return { fault: 'two at once', faults };
}

function besidesDeploy(draw: Draw): Episode {
  const episode = pick(draw, [onService('', error), onService('', delay), onStore('', delay)])(
    draw,
  );
  const hit = new Set(episode.faults.map(({ meets }) => meets.to));
  const service = pick(
    draw,
    several(draw).filter((name) => !hit.has(name)),
  );
  return { ...episode, fault: 'unrelated deploy at once', besides: { kind: 'restart', service } };
}

/** What can be broken in a real shop, by name. */
export const realFaults: Readonly<Record<string, RealKind>> = {
  'service errors': onService('service errors', error),
  'service delay': onService('service delay', delay),
  'service resets': onService('service resets', reset),
  'service black hole': onService('service black hole', blackhole),
  'edge errors': onEdge('edge errors', error),
  'edge delay': onEdge('edge delay', delay),
  'edge resets': onEdge('edge resets', reset),
  'edge black hole': onEdge('edge black hole', blackhole),
  'sick replica errors': onReplica('sick replica errors', error),
  'sick replica slow': onReplica('sick replica slow', delay),
  kill,
  'store delay': onStore('store delay', delay),
  'store resets': onStore('store resets', reset),
  'store black hole': onStore('store black hole', blackhole),
  'edge to a store': storeEdge,
  'provider errors': onProvider('provider errors', error),
  'provider delay': onProvider('provider delay', delay),
  'provider black hole': onProvider('provider black hole', blackhole),
  'queue backlog': backlog,
  'hidden by a timeout': hiddenByTimeout,
  'retry storm': retryStorm,
  'two at once': two,
  'unrelated deploy at once': besidesDeploy,
};

function harmless(besides: (draw: Draw) => Disturbance): RealKind {
  return (draw) => {
    const disturbance = besides(draw);
    return { fault: disturbance.kind, faults: [], besides: disturbance };
  };
}

/** What is done to a shop that stays well. */
export const realDisturbances: Readonly<Record<string, RealKind>> = {
  steady: harmless(() => ({ kind: 'nothing' })),
  deploy: harmless((draw) => ({ kind: 'restart', service: pick(draw, several(draw)) })),
  scale: harmless((draw) => ({ kind: 'scale', service: pick(draw, SERVICES) })),
  'load spike': harmless(() => ({ kind: 'rush', factor: 2.5 })),
  'upload burst': harmless(() => ({ kind: 'uploads' })),
};
