import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { FaultSpecError } from '../src/faults/fault.ts';
import { FaultRegistry } from '../src/faults/registry.ts';
import type { MeshInstance } from '../src/world.ts';
import { instance, service, snapshotOf, worldOf } from './world.ts';

const names = ['orders', 'payments', 'inventory'];
const tcpTargets: MeshInstance['tcpTargets'] = ['postgres', 'redis'].map((name, index) => ({
  name,
  listen: { host: '127.0.0.1', port: 1_000 + index },
  to: { host: '127.0.0.1', port: 2_000 + index },
}));
const namespace = 'default';
const world = worldOf('', {
  services: [...names, 'provider'].map((name) => service(name, { namespace })),
  instances: [
    ...names.map((name) =>
      instance(name, { namespace, tcpTargets, probes: [{ path: '/readyz', port: 'admin' }] }),
    ),
    instance('payments', { namespace, name: 'payments-2', tcpTargets: tcpTargets.slice(0, 1) }),
    instance('provider', { namespace, meshed: false }),
  ],
});

function registry(clock = new FakeClock()): FaultRegistry {
  return new FaultRegistry(clock, () => world);
}

/** Where each proxy injects the fault: `instance at target`. */
function places(spec: object): string[] {
  const faults = registry();
  faults.add(spec);
  const now = { ...world, faults: faults.active() };
  return world.instances.flatMap(({ name, meshed }) =>
    meshed
      ? snapshotOf(now, name).faults.map(({ at, target }) => `${name} ${at} ${target ?? ''}`.trim())
      : [],
  );
}

function refusal(spec: unknown): string {
  try {
    registry().add(spec);
    return '';
  } catch (error) {
    expect(error).to.be.instanceOf(FaultSpecError).and.to.include({ status: 422 });
    return error instanceof FaultSpecError
      ? error.problems.map(({ pointer, detail }) => `${pointer} ${detail}`).join('\n')
      : '';
  }
}

describe('faults', () => {
  const cases: [what: string, target: string, expected: string[]][] = [
    ['a service, at its instances', 'payments', ['payments-1 inbound', 'payments-2 inbound']],
    ['an instance', 'payments-2', ['payments-2 inbound']],
    ['an edge, at the caller', 'orders->payments', ['orders-1 outbound default/payments']],
    [
      'an edge with spaces and an arrow',
      ' orders → payments ',
      ['orders-1 outbound default/payments'],
    ],
    ['an edge to a store', 'payments->store:redis', ['payments-1 tcp redis']],
    [
      'a store, at everyone who uses it',
      'store:redis',
      names.toSorted().map((name) => `${name}-1 tcp redis`),
    ],
    ['a store by its bare name', 'orders->postgres', ['orders-1 tcp postgres']],
    [
      'a service without proxies, at its callers',
      'store:provider',
      [...names.map((name) => `${name}-1`), 'payments-2'].map(
        (name) => `${name} outbound default/provider`,
      ),
    ],
  ];
  for (const [what, target, expected] of cases) {
    it(`are put where they belong: ${what}`, () => {
      expect(places({ kind: 'delay', target })).to.have.members(expected);
    });
  }

  it('have defaults for everything but kind and target', () => {
    const faults = registry();
    const added = faults.add({ kind: 'error', target: 'orders' });
    expect(added).to.deep.include({
      sharePercent: 100,
      remainingMs: 60_000,
      direction: 'request',
      match: {},
      effect: { kind: 'error', status: 503 },
    });
    expect(faults.add({ kind: 'truncate', target: 'orders' }).direction).to.equal('response');
    expect(
      faults.add({ kind: 'delay', target: 'orders', delay: '150ms', jitter: '10ms' }).effect,
    ).to.deep.equal({ kind: 'delay', delayMs: 150, jitterMs: 10 });
    expect(added.id).to.match(/^fault-[0-9a-f]{8}$/);
  });

  it('end with their lease, or when they are cleared', async () => {
    const clock = new FakeClock();
    const faults = registry(clock);
    const short = faults.add({ kind: 'reset', target: 'orders', lease: '5s' });
    const long = faults.add({ kind: 'reset', target: 'orders', lease: '1h' });
    expect(short.untilMs).to.equal(clock.now() + 5_000);
    await clock.advance(4_000);
    expect(faults.list().map(({ remainingMs }) => remainingMs)).to.deep.equal([1_000, 3_596_000]);
    await clock.advance(1_000);
    expect(faults.list().map(({ id }) => id)).to.deep.equal([long.id]);
    expect([faults.clear(short.id), faults.clear(long.id)]).to.deep.equal([false, true]);
    faults.add({ kind: 'reset', target: 'orders' });
    faults.clearAll();
    expect(faults.list()).to.deep.equal([]);
  });

  it('on one target work one after the other, in the order in which they came', () => {
    const faults = registry();
    const ids = ['delay', 'error', 'delay'].map(
      (kind) => faults.add({ kind, target: 'orders' }).id,
    );
    const told = snapshotOf({ ...world, faults: faults.active() }, 'orders-1').faults;
    expect(told.map(({ id }) => id)).to.deep.equal(ids);
  });

  it('that kill are listed for the engine and told to no proxy', () => {
    const faults = registry();
    faults.add({ kind: 'kill', target: 'payments-2' });
    expect(faults.list()[0]).to.deep.include({
      at: { kind: 'instance', name: 'payments-2' },
      effect: { kind: 'kill' },
    });
    expect(snapshotOf({ ...world, faults: faults.active() }, 'payments-2').faults).to.deep.equal(
      [],
    );
  });

  it('are limited in number', () => {
    const faults = registry();
    for (let count = 0; count < 64; count++) faults.add({ kind: 'reset', target: 'orders' });
    expect(() => faults.add({ kind: 'reset', target: 'orders' })).to.throw('there are 64 faults');
  });

  const wrong: [what: string, change: object, expected: RegExp][] = [
    ['a share above 100 %', { share: 200 }, /^\/share Too big/],
    ['a share of nothing', { share: 0 }, /^\/share Too small/],
    ['a share that is no number', { share: Number.NaN }, /^\/share /],
    ['a lease of ten years', { lease: '3650d' }, /^\/lease expected a duration .* 1h at most/],
    ['no lease at all', { lease: '0' }, /^\/lease expected more than 0/],
    ['a lease that is no duration', { lease: 'soon' }, /^\/lease expected a duration/],
    [
      'an unknown target',
      { target: 'nowhere' },
      /^\/target there is no 'nowhere'; expected a service/,
    ],
    ['an unknown end of an edge', { target: 'orders->nowhere' }, /^\/target there is no 'nowhere'/],
    ['an unknown start of an edge', { target: 'x->orders' }, /^\/target there is no 'x'/],
    ['more than one edge', { target: 'orders->payments->orders' }, /^\/target expected one edge/],
    [
      'an edge that ends at an instance',
      { target: 'orders->payments-2' },
      /^\/target an edge ends/,
    ],
    ['an edge that starts outside the mesh', { target: 'provider->orders' }, /no proxy that could/],
    [
      'the control plane',
      { target: 'control-plane' },
      /^\/target 'control-plane' belongs to the re/,
    ],
    ['the way to Prometheus', { target: 'orders->prometheus' }, /must not touch/],
    ['probes', { path: '/readyz' }, /^\/path faults never touch probes/],
    ['metrics', { path: '/metrics' }, /^\/path faults never touch probes and metrics/],
    ['a pattern as a path', { path: '(a+)+$' }, /^\/path expected a path that starts with \//],
    ['a path that is too long', { path: `/${'a'.repeat(2_000)}` }, /^\/path Too big/],
    ['an unknown kind', { kind: 'explode' }, /^\/kind Invalid option/],
    ['an unknown field', { 'a/b': 1 }, /^\/a~1b not a field of a fault/],
    ['a field of another kind', { status: 500 }, /^\/status does not belong to a delay/],
    ['a status that is no error', { kind: 'error', status: 200 }, /^\/status Too small/],
    [
      'an error of a store',
      { kind: 'error', target: 'store:redis' },
      /^\/kind connections to a store/,
    ],
    [
      'a path of a store',
      { path: '/x', target: 'orders->redis' },
      /^\/path connections to a store/,
    ],
    [
      'killing an edge',
      { kind: 'kill', target: 'orders->payments' },
      /^\/target only a service or an/,
    ],
    ['a delay of an hour', { delay: '1h' }, /^\/delay expected a duration/],
  ];
  for (const [what, change, expected] of wrong) {
    it(`row 53 (E2): are refused with a pointer for ${what}`, () => {
      expect(refusal({ kind: 'delay', target: 'orders', ...change })).to.match(expected);
    });
  }

  it('row 53 (E2): are refused when they are no object at all', () => {
    for (const spec of [undefined, null, 'delay', []]) expect(refusal(spec)).not.to.equal('');
  });
});
