import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { Client } from 'pg';
import { startEngine } from '../src/engine.ts';
import type { EngineEvent } from '../src/engine-types.ts';
import { processIdentity, signalProcess } from '../src/process/identity.ts';
import { fixture } from './command.ts';
import { eventually } from './eventually.ts';
import { get, Load } from './http.ts';
import { System } from './system.ts';
import { TempDir } from './temp-dir.ts';

describe('engine', function () {
  this.timeout(60_000);

  it('runs what the manifests say and shows it as its status', async () => {
    await using system = await System.start();
    const status = system.engine.status();
    expect(status.services.map(({ name, replicas }) => [name, replicas])).to.deep.equal([
      ['echo', 2],
      ['front', 1],
    ]);
    for (const one of status.services.flatMap(({ instances }) => instances)) {
      expect(one).to.include({ ready: true, restarts: 0, state: 'Running' });
      expect(processIdentity(one.pid ?? 0)).to.be.a('string');
      expect(processIdentity(one.proxy_pid ?? 0)).to.be.a('string');
      expect((await get(`${one.admin_url}/livez`)).status).to.equal(200);
    }
    expect(status.stores.map(({ name, ready }) => [name, ready])).to.deep.equal([
      ['postgres', true],
      ['redis', true],
    ]);
    expect(status.stores[0]).not.to.have.property('admin_url');
    expect(Object.keys(status.links)).to.deep.equal(['Shop', 'Docs']);
    expect(system.engine.notes[0]).to.match(/^Operator: admin \/ [\w-]{16}$/);
  });

  it('gives containers the environment that their manifests describe', async () => {
    await using system = await System.start(['echo-config.GREETING=good day']);
    const env = await system.env();
    expect(env['POD_NAME']).to.match(/^echo-[0-9a-f]{5}-\w{5}$/);
    expect(env).to.include({ VERSION: '1.2.3', HOSTNAME: env['POD_NAME'] });
    expect(env['MESSAGE']).to.equal(
      `good day from ${env['POD_NAME']} for $(GREETING) and $(NOBODY)`,
    );
    expect(env['DATA_DIR']).to.include(system.dir.path);
    expect(env).not.to.have.property('SMTP_URL');
    expect(env).not.to.have.property('npm_command');
  });

  it('sends requests to all ready instances', async () => {
    await using system = await System.start();
    const names = new Set<string>();
    await eventually('both to answer', async () => {
      names.add(JSON.parse((await get(system.url)).body).name);
      return names.size === 2;
    });
  });

  it('scales down and up under load without a failed request', async () => {
    await using system = await System.start();
    const load = new Load(`${system.url}?delay=30`, 8);
    await eventually('both to answer', () => load.answeredBy.size === 2);
    const down = await system.engine.scale('echo', 1);
    expect(down).to.include({ replicas: 1 });
    expect(down.instances).to.have.length(1);
    const up = await system.engine.scale('echo', 3);
    expect(up.instances.filter(({ ready }) => ready)).to.have.length(3);
    await eventually('the new ones to answer', () => load.answeredBy.size === 4);
    await load.stop();
    expect(load.failures).to.deep.equal([]);
    expect(load.answered).to.be.greaterThan(50);
  });

  it('starts a killed instance again, while the others go on serving', async () => {
    await using system = await System.start();
    const [victim] = system.engine.instances('echo');
    signalProcess(victim?.pid ?? 0, 'SIGKILL');
    const again = await eventually('the restart', () =>
      system.engine.instances('echo').find(({ restarts, ready }) => restarts === 1 && ready),
    );
    expect(again.name).to.equal(victim?.name);
    expect(again.pid).not.to.equal(victim?.pid);
    const crash = system.events.find(({ state }) => state === 'CrashLoopBackOff');
    expect(crash).to.include({ component: victim?.name, reason: 'signal SIGKILL' });
    expect((await get(system.url)).status).to.equal(200);
  });

  it('gives an instance other variables for one run', async () => {
    await using system = await System.start();
    const { engine } = system;
    const [one] = engine.instances('echo');
    await engine.restart('echo', { now: true, env: { MESSAGE: 'for once' } });
    expect((await system.env())['MESSAGE']).to.equal('for once');
    signalProcess(engine.instances('echo')[0]?.pid ?? 0, 'SIGKILL');
    signalProcess(engine.instances('echo')[1]?.pid ?? 0, 'SIGKILL');
    await eventually('both to be ready again', () =>
      engine.instances('echo').every(({ ready, restarts }) => ready && restarts === 2),
    );
    expect(engine.instances('echo')[0]?.name).to.equal(one?.name);
    expect((await system.env())['MESSAGE']).not.to.equal('for once');
  });

  it('restarts one instance, a service and a store on request', async () => {
    await using system = await System.start();
    const { engine } = system;
    const [first, second] = engine.instances('echo');
    await engine.restart(first?.name ?? '', { now: true });
    const after = engine.instances('echo');
    expect(after[0]?.pid).not.to.equal(first?.pid);
    expect(after[1]?.pid).to.equal(second?.pid);
    await engine.restart('front');
    expect(engine.instances('front')[0]).to.include({ restarts: 1, ready: true });
    const before = engine.status().stores;
    await engine.restart('postgres', { now: true });
    await engine.restart('redis');
    const stores = engine.status().stores;
    expect(stores.map(({ port }) => port)).to.deep.equal(before.map(({ port }) => port));
    expect(stores.map(({ restarts }) => restarts)).to.deep.equal([1, 1]);
    await eventually('everybody to be ready', () =>
      engine.instances('echo').every(({ ready }) => ready),
    );
  });

  it('brings back a store that crashed, with its data', async () => {
    await using system = await System.start();
    const url = system.engine.storeUrls().postgres ?? '';
    const query = async (sql: string) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client.query(sql).finally(() => client.end());
    };
    await query('CREATE TABLE kept AS SELECT 7 AS n');
    const before = system.engine.status().stores[0];
    signalProcess(before?.pid ?? 0, 'SIGKILL');
    await eventually('the store', () => {
      const [store] = system.engine.status().stores;
      return store?.ready === true && store.restarts === 1;
    });
    expect((await query('SELECT n FROM kept')).rows).to.deep.equal([{ n: 7 }]);
  });

  it('runs beside another one', async () => {
    const starting = [System.start(), System.start()] as const;
    await using first = await starting[0];
    await using second = await starting[1];
    expect(first.url).not.to.equal(second.url);
    const [a, b] = await Promise.all([first.env(), second.env()]);
    expect(a['DATABASE_URL']).not.to.equal(b['DATABASE_URL']);
  });

  it('leaves nothing running when it stops, and keeps its data for the next start', async () => {
    using dir = new TempDir();
    const options = { root: fixture, dataDir: dir.path, ports: 'auto' } as const;
    const first = await startEngine(options);
    const status = first.status();
    const pids = [...status.services.flatMap(({ instances }) => instances), ...status.stores].map(
      ({ pid }) => pid ?? 0,
    );
    const [note] = first.notes;
    await first.stop();
    expect(pids.filter((pid) => processIdentity(pid) !== undefined)).to.deep.equal([]);
    const second = await startEngine(options);
    expect(second.notes[0]).to.equal(note);
    await second.stop();
  });

  it('shows the last lines of an instance that cannot start, and stops the rest', async () => {
    using dir = new TempDir();
    const events: EngineEvent[] = [];
    const error = await startEngine({
      root: `${import.meta.dirname}/fixtures/broken`,
      dataDir: dir.path,
      ports: 'auto',
      onEvent: (event) => events.push(event),
    }).catch(String);
    expect(error).to.match(/start broken-\S+: it ended 3 times/);
    expect(error).to.include('the setting COLOUR is missing');
    expect(events.at(-1)).to.include({ component: 'engine', state: 'Stopped' });
  });

  it('refuses to start on a taken port, naming it and the flag, before anything else', async () => {
    using dir = new TempDir();
    const other = createServer().listen(18_080, '127.0.0.1');
    await once(other, 'listening');
    const events: EngineEvent[] = [];
    const onEvent = (event: EngineEvent) => void events.push(event);
    const error = await startEngine({ root: fixture, dataDir: dir.path, onEvent }).catch(String);
    expect(error).to.include('port 18080').and.include('--ports auto');
    expect(events.filter(({ component }) => component !== 'engine')).to.deep.equal([]);
    other.close();
  });
});
