import { expect } from 'chai';
import { commands } from '../src/commands/list.ts';
import { connectEngine } from '../src/control/client.ts';
import { faultline } from './command.ts';
import { eventually } from './eventually.ts';
import { get } from './http.ts';
import { System } from './system.ts';

describe('faultline fault and mesh', function () {
  this.timeout(90_000);
  let system: System;
  before(async () => (system = await System.start()));
  after(() => system[Symbol.asyncDispose]());

  const run = async (...args: string[]) => {
    const { code, out, err } = await faultline([...args, '--data-dir', system.dir.path]);
    return { code, out, err };
  };
  const json = async (...args: string[]) => {
    const { code, out, err } = await run(...args, '--json');
    expect(code, err).to.equal(0);
    return JSON.parse(out);
  };
  const status = async () => (await get(system.url)).status;
  const clear = () => run('fault', 'clear', '--all');

  it('breaks an edge for a while, and tells when it ends', async () => {
    const target = 'front->echo';
    const added = await json('fault', 'add', 'error', '--target', target, '--status', '418');
    expect(added).to.include({ kind: 'error', target, share: 100 });
    expect(Date.parse(added.ends_at) - Date.parse(added.started_at)).to.equal(60_000);
    await eventually('the error', async () => (await status()) === 418);
    expect((await json('fault', 'list')).map(({ id }: { id: string }) => id)).to.deep.equal([
      added.id,
    ]);
    expect(await json('fault', 'clear', added.id)).to.deep.equal([]);
    await eventually('the end', async () => (await status()) === 200);
  });

  it('ends a fault with its lease', async () => {
    await json('fault', 'add', 'reset', '--target', 'echo', '--lease', '1s');
    await eventually('the reset', async () => (await status()) === 502);
    await eventually('its end', async () => (await status()) === 200);
    expect(await json('fault', 'list')).to.deep.equal([]);
  });

  it('ends instances again and again while a kill lasts', async () => {
    const restarts = () => {
      return system.engine.instances('front').reduce((sum, one) => sum + one.restarts, 0);
    };
    const before = restarts();
    await json('fault', 'add', 'kill', '--target', 'front');
    await eventually('two ends', () => restarts() >= before + 2);
    await clear();
    await eventually('its return', async () => (await status().catch(() => 0)) === 200);
  });

  it('breaks a store by its connections', async () => {
    await json('fault', 'add', 'reset', '--target', 'store:postgres');
    const ready = () => system.engine.instances('echo').filter((one) => one.ready).length;
    await eventually('echo to miss it', () => ready() === 0);
    await clear();
    await eventually('echo’s return', () => ready() === 2);
  });

  const refusals: [string, string[], RegExp][] = [
    ['an unknown target', ['error', '--target', 'nobody'], /there is no 'nobody'; expected/],
    ['an unknown kind', ['explode', '--target', 'echo'], /kind/],
    ['a share over 100', ['error', '--target', 'echo', '--share', '101'], /share/],
    ['a share that is no number', ['error', '--target', 'echo', '--share', 'all'], /share/],
    ['a lease over an hour', ['error', '--target', 'echo', '--lease', '2h'], /lease.*1h/s],
    [
      'what does not belong to the kind',
      ['reset', '--target', 'echo', '--status', '500'],
      /status/,
    ],
    ['the probes’ paths', ['error', '--target', 'echo', '--path', '/readyz'], /never touch probes/],
    ['errors of a store', ['error', '--target', 'store:redis'], /carry no HTTP/],
    ['a fault without a target', ['error'], /expected --target/],
  ];
  for (const [what, args, message] of refusals) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await run('fault', 'add', ...args);
      expect(code).not.to.equal(0);
      expect(err).to.match(message);
      expect(await json('fault', 'list')).to.deep.equal([]);
    });
  }

  it('refuses to clear what is not there', async () => {
    expect((await run('fault', 'clear', 'fault-1')).err).to.include("there is no fault 'fault-1'");
    expect((await run('fault', 'clear')).code).to.equal(2);
  });

  it('shows routes with what applies to them', async () => {
    const { out } = await run('mesh', 'routes');
    expect(out).to.match(/echo:80 +echo +yes +\/\* +request 10000 ms +1x 500-599/);
    const { services, statuses } = await json('mesh', 'routes', '--service', 'echo');
    expect(services.map(({ name }: { name: string }) => name)).to.deep.equal(['echo']);
    expect(statuses[0].parents[0].conditions[0]).to.include({ type: 'Accepted', status: 'True' });
  });

  it('shows who may call whom, and who everybody is', async () => {
    expect((await run('mesh', 'policy')).out).to.match(/echo-\S+ +8080 +echo-http +echo-callers/);
    const { proxies, anchors } = await json('mesh', 'identity');
    expect(proxies).to.have.length(3);
    expect(anchors).to.have.length(1);
  });

  it('shows edges with their rates', async () => {
    expect(await status()).to.equal(200);
    const edges = await json('mesh', 'edges');
    const http = edges.find(({ target }: { target: string }) => target === 'echo');
    expect(http).to.include({ source: 'front', mtls: true, protocol: 'http' });
    expect(http.requests).to.be.greaterThan(0);
    const stores = edges.filter(({ protocol }: { protocol: string }) => protocol === 'tcp');
    expect(stores.map(({ target }: { target: string }) => target)).to.include('postgres');
  });

  it('knows every call that commands make', async () => {
    const engine = await connectEngine(system.dir.path);
    const answer = await engine.call('mesh', { view: 'routes' });
    expect(answer).to.have.property('warnings');
    expect(commands.map(({ name }) => name)).to.include.members(['fault', 'mesh', 'why', 'trace']);
  });
});
