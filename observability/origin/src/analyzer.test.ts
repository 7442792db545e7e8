import { expect } from 'chai';
import { sample } from '../test/samples.ts';
import { Scene, times } from '../test/scene.ts';
import { below, call, server, span } from '../test/spans.ts';
import { OriginAnalyzer } from './analyzer.ts';
import type { EdgeSample } from './model.ts';

describe('OriginAnalyzer', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene().warmUp();
  });

  it('says nothing while all is well', () => {
    expect(scene.updates).to.deep.equal([]);
    expect(scene.current).to.equal(undefined);
  });

  it('says nothing of clients’ mistakes, however many', () => {
    for (const status of [401, 402, 404, 409]) {
      for (let second = 0; second < 5; second++) scene.second(times(8, { orders: { status } }));
    }
    expect(scene.updates).to.deep.equal([]);
  });

  it('says nothing of a single failure', () => {
    scene.second([{ orders: { status: 500 } }, ...times(7, {})]);
    for (let second = 0; second < 5; second++) scene.second();
    expect(scene.updates).to.deep.equal([]);
  });

  it('names the service that fails, who followed, and how many were hit', () => {
    scene.second(times(8, { orders: { status: 500 } }));
    const { current } = scene;
    expect(current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
    expect(current).to.deep.include({ state: 'open', symptom: 'errors' });
    expect(current?.victims.map(({ service }) => service)).to.deep.equal(['gateway']);
    expect(current?.propagation.map(({ service, effect }) => `${service} ${effect}`)).to.deep.equal(
      ['orders broke', 'gateway failed'],
    );
    expect(current?.journeys[0]).to.deep.include({ name: 'GET /orders', hit: 8 });
    expect(current?.shareHit).to.be.closeTo(0.5, 0.1);
    expect(current?.traces).to.have.length(5);
    expect(current?.confidence).to.be.within(0.7, 1);
    expect(current?.sentence).to.match(
      /^Orders has failed 8 of 8 calls since .*Z; gateway followed; 50 % of requests/,
    );
  });

  it('names a store whose queries fail, not the service that asks it', () => {
    scene.second(times(8, { database: { status: 1 } }));
    expect(scene.current?.origin).to.deep.equal({ kind: 'store', service: 'postgres' });
  });

  it('blames no store for what an instance that was killed had asked it', () => {
    const ask = (bytesRead: number) => {
      const of = {
        view: 'tcp',
        kind: 'store',
        responses: 0,
        bytesRead,
        bytesWritten: 900,
      } as const;
      scene.analyzer.onEdges([sample('catalog', 'postgres', { ...of, atMs: scene.nowMs })]);
    };
    for (let second = 0; second < 20; second++) {
      scene.second();
      ask(4_000);
    }
    scene.change({ kind: 'instance', service: 'catalog', instance: 'catalog-1', state: 'crashed' });
    for (let second = 0; second < 4; second++) {
      ask(0);
      scene.second(times(8, { catalog: { status: 0 } }));
    }
    const named = scene.analyzer.incidents().map(({ origin }) => origin.service);
    expect(named).to.deep.equal(['catalog']);
    expect(scene.analyzer.suspects().map(({ component }) => component.name)).not.to.include(
      'postgres',
    );
  });

  it('takes queries that were given up in one pause for the pause that they were', () => {
    const givenUp = { database: { status: 1, extraMs: 200 } };
    scene.second([...times(4, givenUp), ...times(4, {})]);
    for (let second = 0; second < 5; second++) scene.second();
    expect(scene.updates).to.deep.equal([]);
    for (let second = 0; second < 2; second++) scene.second(times(8, givenUp));
    expect(scene.current?.origin).to.deep.equal({ kind: 'store', service: 'postgres' });
  });

  it('takes slowness for no pause when calls are late that began after others were through', () => {
    const slow = { orders: { extraMs: 300 } };
    scene.second([...times(4, {}), ...times(4, slow)]);
    expect(scene.current).to.equal(undefined);
    scene = new Scene().warmUp();
    scene.second([...times(2, {}), ...times(6, slow)]);
    expect(scene.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
  });

  it('names nothing while a system starts, and what breaks seconds after people began to come', () => {
    const deeds = times(8, { orders: { status: 500 } });
    const fresh = new Scene();
    for (let second = 0; second < 19; second++) fresh.second(deeds);
    expect(fresh.updates).to.deep.equal([]);
    const other = new Scene();
    const { nowMs: startMs } = other;
    const called = { name: 'GET /orders', status: 200, startMs, durationMs: 1 };
    other.analyzer.onSpans([{ ...server('orders', called), parentSpanId: 'f'.repeat(16) }]);
    other.nowMs += 20_000;
    for (let second = 0; second < 4; second++) other.second(deeds);
    expect(other.updates).to.deep.equal([]);
    for (let second = 0; second < 2; second++) other.second(deeds);
    expect(other.current?.origin.service).to.equal('orders');
  });

  it('needs fewer failures of one that has never failed', () => {
    const deeds = [...times(2, { orders: { status: 500 } }), ...times(4, {})];
    const fresh = new Scene();
    for (let second = 0; second < 6; second++) fresh.second([{}]);
    expect(fresh.second(deeds).current).to.equal(undefined);
    expect(scene.second(deeds).current?.origin.service).to.equal('orders');
  });

  it('names a store whose queries are slow', () => {
    for (let second = 0; second < 3; second++) {
      scene.second(times(8, { database: { extraMs: 400 } }));
    }
    expect(scene.current?.origin.service).to.equal('postgres');
    expect(scene.current?.symptom).to.equal('latency');
  });

  it('names it though only one of its callers asks anything, and others are but connected', () => {
    const connected = ['payments', 'images', 'notifications'];
    const second = (extraMs: number): void => {
      const atMs = scene.nowMs + 500;
      const bytes = { bytesRead: 330, bytesWritten: 420 };
      const told = { kind: 'store', view: 'tcp', responses: 0, ...bytes, atMs } as const;
      scene.analyzer.onEdges(connected.map((caller) => sample(caller, 'postgres', told)));
      scene.second(times(8, { database: { extraMs } }));
    };
    for (let count = 0; count < 5; count++) second(0);
    for (let count = 0; count < 5; count++) second(400);
    const named = scene.updates.map(({ incident }) => incident.origin);
    expect(named[0]).to.deep.equal({ kind: 'store', service: 'postgres' });
    expect(named.filter(({ kind }) => kind === 'edge')).to.deep.equal([]);
  });

  it('names a service that is slow, when it stays so', () => {
    scene.second([{ orders: { extraMs: 300 } }, ...times(7, {})]);
    expect(scene.current).to.equal(undefined);
    for (let second = 0; second < 3; second++) scene.second(times(8, { orders: { extraMs: 300 } }));
    expect(scene.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
    expect(scene.current?.symptom).to.equal('latency');
  });

  it('names a second one as soon as it is slow often enough, though the last it showed is known', () => {
    const slow = { catalog: { status: 500 }, orders: { extraMs: 1_200 } };
    scene.second(times(3, slow), { isCounted: false });
    expect(scene.current?.origin.service).to.equal('catalog');
    scene.tick();
    const told = scene.updates.length;
    const startMs = scene.nowMs - 990;
    for (let late = 0; late < 3; late++) {
      const root = server('gateway', { name: 'GET /orders', startMs, durationMs: 1_212 });
      const out = below(root, call('gateway', 'orders', { startMs, durationMs: 1_210 }));
      const where = { instance: 'orders-1', version: '1.0.0' };
      const served = { name: 'GET /orders', startMs, durationMs: 1_208, ...where };
      scene.analyzer.onSpans([below(out, server('orders', served)), out, root]);
    }
    scene.tick();
    const named = scene.updates.slice(told).map(({ incident }) => incident.origin.service);
    expect(named).to.include('orders');
  });

  it('names the one sick instance among well ones', () => {
    const well = { orders: { instance: 'orders-2' } };
    const sick = { orders: { status: 503, instance: 'orders-1' } };
    for (let second = 0; second < 10; second++) scene.second([...times(4, well), ...times(4, {})]);
    scene.second([...times(4, well), ...times(4, sick)]);
    expect(scene.current?.origin).to.deep.include({ kind: 'instance', instance: 'orders-1' });
  });

  it('takes back what it named before sidecars told that there is a rush', () => {
    const slow = { orders: { extraMs: 1_200 } };
    scene.second(times(40, slow), { isCounted: false });
    expect(scene.current?.origin.service).to.equal('orders');
    scene.second(times(40, slow));
    const open = scene.analyzer.incidents().filter(({ state }) => state === 'open');
    expect(open.filter(({ origin }) => origin.kind !== 'load')).to.deep.equal([]);
  });

  it('does not make a rush responsible for one that alone fails, and always', () => {
    const others = (tookMs: number): void =>
      scene.analyzer.onEdges(
        ['profiles', 'images'].map((name) =>
          sample('gateway', name, { atMs: scene.nowMs, tookMs, instance: `${name}-1` }),
        ),
      );
    for (let second = 0; second < 10; second++) {
      scene.second();
      others(8);
    }
    for (let second = 0; second < 2; second++) {
      others(900);
      scene.second(times(40, { orders: { status: 500 }, catalog: { extraMs: 900 } }));
    }
    expect(scene.analyzer.incidents().map(({ origin }) => origin.service)).to.include('orders');
  });

  it('names a bad version and the change that brought it', () => {
    const bad = { orders: { status: 500, instance: 'orders-9', version: '1.1.0' } };
    scene.change({ kind: 'deploy', service: 'orders', version: '1.1.0', detail: 'orders 1.1.0' });
    scene.second([...times(6, {}), ...times(3, bad)]);
    expect(scene.current?.origin).to.deep.equal({
      kind: 'version',
      service: 'orders',
      version: '1.1.0',
    });
    expect(scene.current?.suspectedChange?.change.detail).to.equal('orders 1.1.0');
    expect(scene.current?.suspectedChange?.evidence).to.match(/3 of 3 calls to 1\.1\.0/);
    expect(scene.current?.sentence).to.contain('suspected: orders 1.1.0');
  });

  it('needs fewer failures of a version that has just come, though others of its calls went well', () => {
    const one = (version: string, status: number) => ({
      orders: { instance: `orders-${version}`, version, status },
    });
    const deeds = [...times(6, {}), ...times(2, one('1.1.0', 500)), ...times(3, one('1.1.0', 200))];
    scene.second(deeds);
    expect(scene.current).to.equal(undefined);
    scene = new Scene().warmUp();
    scene.change({ kind: 'deploy', service: 'orders', version: '1.1.0', detail: 'orders 1.1.0' });
    const { kind, version } = scene.second(deeds).current?.origin ?? {};
    expect([kind, version]).to.deep.equal(['version', '1.1.0']);
  });

  it('needs one failure of a version that has been taken back for it', () => {
    const bad = { orders: { status: 500, instance: 'orders-9', version: '1.1.0' } };
    const takenBack = (version: string) => {
      scene = new Scene().warmUp();
      scene.change({ kind: 'deploy', service: 'orders', version: '1.1.0' });
      scene.second([...times(6, {}), bad]);
      expect(scene.current).to.equal(undefined);
      scene.change({ kind: 'rollback', service: 'orders', version });
      return scene.second().current?.origin;
    };
    expect(takenBack('1.1.0')).to.deep.include({ kind: 'version', version: '1.1.0' });
    expect(takenBack('1.0.9')).to.equal(undefined);
  });

  it('needs fewer slow calls of a version that has just come, when all of its calls are slow', () => {
    const one = (extraMs: number) => ({
      orders: { instance: 'orders-9', version: '1.1.0', extraMs },
    });
    const slowAfter = (tell: () => void) => {
      scene = new Scene().warmUp();
      tell();
      for (let second = 0; second < 10; second++) scene.second([...times(6, {}), one(0)]);
      return scene.second([...times(6, {}), ...times(2, one(600))]).current?.origin;
    };
    expect(slowAfter(() => undefined)).to.equal(undefined);
    const deploy = { kind: 'deploy', service: 'orders', version: '1.1.0' } as const;
    expect(slowAfter(() => scene.change(deploy))).to.deep.include({ version: '1.1.0' });
  });

  it('holds what a store refuses only a version on trial against that version', () => {
    const tried = {
      catalog: { instance: 'catalog-9', version: '1.1.0' },
      database: { status: 1 },
    };
    scene.change({ kind: 'deploy', service: 'catalog', version: '1.1.0' });
    scene.second([...times(6, {}), ...times(2, tried)]);
    const { kind, version } = scene.current?.origin ?? {};
    expect([kind, version]).to.deep.equal(['version', '1.1.0']);
    scene = new Scene().warmUp();
    scene.change({ kind: 'deploy', service: 'catalog', version: '1.1.0' });
    scene.second([...times(6, { database: { status: 1 } }), ...times(2, tried)]);
    expect(scene.current?.origin).to.deep.equal({ kind: 'store', service: 'postgres' });
  });

  it('does not suspect a deploy of somebody else at the same moment', () => {
    scene.change({ kind: 'deploy', service: 'catalog', version: '1.1.0' });
    scene.second(times(8, { orders: { status: 500 } }));
    expect(scene.current?.origin.service).to.equal('orders');
    expect(scene.current?.suspectedChange).to.equal(undefined);
  });

  it('names the way when requests are given up that were never sent to an instance', () => {
    const calls = (failures: EdgeSample['failures'], responses: number): void => {
      const at = { atMs: scene.nowMs, instance: 'orders-1' };
      const sent = failures.cancelled === undefined ? responses : 0;
      scene.analyzer.onEdges([
        sample('admin', 'orders', { atMs: scene.nowMs, view: 'route', responses, failures }),
        sample('admin', 'orders', { ...at, responses: sent }),
      ]);
      scene.second();
    };
    for (let second = 0; second < 20; second++) calls({}, 3);
    for (let second = 0; second < 4; second++) calls({ cancelled: 3 }, 3);
    expect(scene.current?.origin).to.deep.include({ edge: { from: 'admin', to: 'orders' } });
  });

  it('names the way when requests fail that reach no instance', () => {
    const route = (bad: number) =>
      sample('gateway', 'orders', {
        view: 'route',
        atMs: scene.nowMs,
        responses: 8,
        failures: bad > 0 ? { status: bad } : {},
      });
    const deed = { orders: { status: 0 } };
    for (let second = 0; second < 3; second++) {
      scene.analyzer.onEdges([route(8)]);
      const fine = sample('gateway', 'orders', { atMs: scene.nowMs, instance: 'orders-1' });
      scene.analyzer.onEdges([fine]);
      scene.second([...times(8, {})]);
    }
    expect(deed.orders.status).to.equal(0);
    expect(scene.current?.origin).to.deep.equal({
      kind: 'edge',
      service: 'orders',
      edge: { from: 'gateway', to: 'orders' },
    });
  });

  it('names an instance that died, and that retries made up for it', () => {
    const other = { orders: { instance: 'orders-2' } };
    for (let second = 0; second < 5; second++) scene.second([...times(4, {}), ...times(4, other)]);
    const died = { service: 'orders', instance: 'orders-1', state: 'crashed' } as const;
    scene.change({ kind: 'instance', ...died });
    scene.analyzer.onEdges([
      sample('gateway', 'orders', {
        view: 'route',
        atMs: scene.nowMs + 500,
        retries: 3,
        retrySuccesses: 3,
      }),
    ]);
    scene.second(times(8, other));
    const { current } = scene;
    expect(current?.origin).to.deep.include({ kind: 'instance', instance: 'orders-1' });
    expect(current?.symptom).to.equal('unreachable');
    expect(current?.absorbed).to.deep.include({ by: 'retry', service: 'gateway', count: 3 });
    expect(current?.amplification[0]).to.deep.include({ from: 'gateway', to: 'orders' });
    expect(current?.sentence).to.contain('no request from outside was hit');
  });

  it('says nothing of instances that are stopped because somebody wants it', () => {
    const gone = { service: 'orders', instance: 'orders-1' };
    scene.change({ kind: 'scale', service: 'orders' });
    scene.change({ kind: 'instance', ...gone, state: 'stopping' });
    scene.change({ kind: 'instance', ...gone, state: 'stopped' });
    for (let second = 0; second < 5; second++) {
      scene.second(times(8, { orders: { instance: 'orders-2' } }));
    }
    expect(scene.updates).to.deep.equal([]);
  });

  it('sees calls hang before any of them has ended', () => {
    const hanging = (requests: number) =>
      sample('gateway', 'orders', {
        view: 'inbound',
        instance: 'orders-1',
        atMs: scene.nowMs,
        requests,
        responses: 0,
      });
    for (let second = 0; second < 3; second++) {
      scene.nowMs += 1_000;
      scene.analyzer.onEdges([hanging(5)]);
      scene.tick();
    }
    expect(scene.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
    expect(scene.current?.symptom).to.equal('silence');
  });

  it('excuses what is late while nobody has time, but not who fails always', () => {
    const look = (periodMs: number): void => {
      const looks = times(28, {}).map(() => sample('gateway', 'catalog', { atMs: scene.nowMs }));
      for (const one of looks) scene.analyzer.onEdges([{ ...one, periodMs }]);
    };
    const second = (...deeds: Parameters<Scene['second']>[0] & object): void => {
      look(1_400);
      scene.second(deeds);
    };
    for (let count = 0; count < 5; count++) {
      look(500);
      scene.second(times(8, {}));
    }
    second(...times(8, {}));
    for (let count = 0; count < 3; count++) {
      second(...times(6, {}), ...times(2, { orders: { status: 503 } }));
    }
    expect(scene.updates).to.deep.equal([]);
    for (let count = 0; count < 3; count++) second(...times(8, { catalog: { status: 500 } }));
    expect(scene.current?.origin.service).to.equal('catalog');
  });

  it('keeps two failures apart', () => {
    for (let second = 0; second < 2; second++) {
      scene.second(times(8, { orders: { status: 500 }, catalog: { status: 500 } }));
    }
    const origins = scene.analyzer.incidents().map(({ origin }) => origin.service);
    expect(origins).to.have.members(['orders', 'catalog']);
  });

  it('takes calls that hang for what hung when the last one of them ended', () => {
    const toBank = (durationMs: number, status: number) =>
      call('orders', 'bank', { status, startMs: scene.nowMs - durationMs, durationMs });
    scene.analyzer.onSpans(Array.from({ length: 30 }, () => toBank(20, 200)));
    const waiting = (requests: number): EdgeSample =>
      sample('gateway', 'orders', {
        atMs: scene.nowMs,
        view: 'inbound',
        instance: 'orders-1',
        requests,
        responses: 0,
      });
    scene.second([]);
    scene.analyzer.onEdges([waiting(4)]);
    scene.second([]);
    scene.analyzer.onSpans([toBank(2_900, 0)]);
    scene.analyzer.onEdges([waiting(0)]);
    scene.tick();
    expect(scene.current?.origin).to.deep.include({ kind: 'provider', service: 'bank' });
  });

  it('keeps to its verdict when callers are refused by their own breakers', () => {
    const admin = (failures: EdgeSample['failures']): void => {
      scene.second();
      scene.analyzer.onEdges([
        sample('admin', 'orders', { atMs: scene.nowMs, view: 'route', failures }),
        sample('gateway', 'orders', { atMs: scene.nowMs, view: 'route' }),
      ]);
    };
    for (let second = 0; second < 20; second++) admin({});
    for (let second = 0; second < 4; second++) scene.second(times(8, { orders: { status: 500 } }));
    expect(scene.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
    for (let second = 0; second < 14; second++) admin({ failfast: 10 });
    expect(scene.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
  });

  it('names a queue that its consumers no longer empty', () => {
    const of = { service: 'images', queue: 'images.jobs', group: 'workers', pending: 1 };
    for (let second = 0; second < 30; second++) {
      scene.second();
      scene.analyzer.onQueues([{ ...of, atMs: scene.nowMs, lag: 0, handled: 1 }]);
    }
    for (const lag of [2, 4, 7, 9, 12]) {
      scene.second();
      scene.analyzer.onQueues([{ ...of, atMs: scene.nowMs, lag, handled: 0 }]);
    }
    scene.tick();
    expect(scene.current?.origin).to.deep.equal({ kind: 'queue', service: 'images.jobs' });
    expect(scene.current?.sentence).to.match(/^The queue images\.jobs has fallen/);
  });

  it('holds a rush against the rush', () => {
    for (let second = 0; second < 8; second++) {
      scene.second(times(60, { orders: { extraMs: 900 }, catalog: { extraMs: 700 } }));
    }
    const open = scene.analyzer.incidents().filter(({ state }) => state === 'open');
    expect(open.map(({ origin }) => origin.kind)).to.deep.equal(['load']);
  });

  it('does not name afterwards who suffered from what is over, and has shown nothing new', () => {
    for (let second = 0; second < 6; second++) scene.second(times(8, { database: { status: 1 } }));
    for (let second = 0; second < 8; second++) scene.second(times(8, { catalog: { status: 503 } }));
    for (let second = 0; second < 20; second++) scene.second();
    const named = scene.analyzer.incidents().map(({ origin }) => origin.service);
    expect(named).to.deep.equal(['postgres']);
    expect(scene.current).to.equal(undefined);
  });

  it('holds nothing against anybody after a rush that he did in it', () => {
    const slow = { orders: { extraMs: 900 } };
    for (let second = 0; second < 6; second++) {
      scene.second([...times(13, {}), ...times(5, second > 1 ? slow : {})]);
    }
    for (let second = 0; second < 14; second++) scene.second();
    expect(scene.updates).to.deep.equal([]);
  });

  it('names what is slow, of which some has always taken as long, by spans alone', () => {
    const traces = new Scene();
    const see = (...of: Parameters<Scene['second']>[0] & {}) =>
      traces.second(of, { isCounted: false });
    for (let second = 0; second < 240; second++) {
      see(...times(7, {}), { orders: { extraMs: second % 2 === 0 ? 700 : 0 } });
    }
    expect(traces.current).to.equal(undefined);
    for (let second = 0; second < 3; second++) see(...times(8, { orders: { extraMs: 450 } }));
    expect(traces.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
  });

  it('puts down to a surge what is slow while it comes, but not who is slow only after it', () => {
    const ofOthers = { view: 'inbound', instance: 'orders-1', responses: 19 } as const;
    const slow = [{}, ...times(7, { orders: { extraMs: 1_200 } })];
    const surges = (quietSeconds: number): string | undefined => {
      const shop = new Scene().warmUp();
      const atMs = shop.nowMs + 1_000;
      shop.analyzer.onEdges([sample('admin', 'orders', { ...ofOthers, atMs })]);
      shop.second();
      for (let second = 0; second < quietSeconds; second++) shop.second();
      return shop.second(slow, { isCounted: false }).current?.origin.service;
    };
    expect(surges(0)).to.equal(undefined);
    expect(surges(1)).to.equal('orders');
  });

  it('says nothing of a rush that harms nobody', () => {
    for (let second = 0; second < 8; second++) scene.second(times(40, {}));
    expect(scene.updates).to.deep.equal([]);
  });

  it('ends an incident when it is over, and knows it again when it comes back', () => {
    scene.second(times(8, { orders: { status: 500 } }));
    for (let second = 0; second < 12; second++) scene.second();
    expect(scene.current).to.equal(undefined);
    expect(scene.updates.at(-1)).to.deep.include({ kind: 'resolved' });
    scene.second(times(8, { orders: { status: 500 } }));
    const [incident, ...others] = scene.analyzer.incidents();
    expect(others).to.deep.equal([]);
    expect(incident?.state).to.equal('open');
  });

  it('explains what comes back by what it is now, not by what it was', () => {
    const from = (instance: string, status: number) =>
      times(2, { orders: { instance: `orders-${instance}`, status } });
    const second = (one: number, two: number) =>
      scene.second([...from('1', one), ...from('2', two)]);
    for (let count = 0; count < 10; count++) second(500, 500);
    expect(scene.current?.origin).to.deep.equal({ kind: 'service', service: 'orders' });
    for (let count = 0; count < 14; count++) second(200, 200);
    expect(scene.current).to.equal(undefined);
    scene.second(from('2', 500));
    for (let count = 0; count < 2; count++) second(200, 500);
    const { kind, instance } = scene.current?.origin ?? {};
    expect([kind, instance]).to.deep.equal(['instance', 'orders-2']);
  });

  it('shows who there is, who calls whom, and their parts in what is broken', () => {
    scene.second(times(8, { orders: { status: 500 } }));
    const { nodes, edges } = scene.analyzer.topology();
    const states = new Map(nodes.map(({ name, state }) => [name, state]));
    expect(states.get('orders')).to.equal('origin');
    expect(states.get('gateway')).to.equal('victim');
    expect(states.get('catalog')).to.equal('healthy');
    const way = edges.find(({ from, to }) => from === 'gateway' && to === 'orders');
    expect(way?.errorShare).to.be.greaterThan(0.1);
    expect(way?.requestsPerSecond).to.be.closeTo(8, 2);
    expect(edges.some(({ from, to }) => from === 'catalog' && to === 'postgres')).to.equal(true);
  });

  it('bears rubbish: spans of days ago and of tomorrow, endless traces, names without end', () => {
    const analyzer = new OriginAnalyzer({ clock: { now: () => scene.nowMs } });
    const day = 86_400_000;
    analyzer.onSpans([
      server('a', { startMs: scene.nowMs - day, status: 500 }),
      server('a', { startMs: scene.nowMs + day, status: 500 }),
      server('a', { startMs: Number.NaN, durationMs: Number.NaN, status: 500 }),
      server('a', { durationMs: -5, startMs: scene.nowMs }),
    ]);
    const traceId = 'f'.repeat(32);
    for (let count = 0; count < 2_000; count++) {
      analyzer.onSpans([
        span({ traceId, service: `s${count}`, kind: 'server', name: `n${count}`, isError: true }),
      ]);
    }
    expect(() => analyzer.tick()).not.to.throw();
    expect(() => analyzer.topology()).not.to.throw();
  });
});
