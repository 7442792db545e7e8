import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { connectEngine } from '../local/src/control/client.ts';
import { signalProcess } from '../local/src/process/identity.ts';
import { patchOf } from './support/rollouts.ts';
import { root } from './support/system.ts';
import { Api } from './support/api.ts';

const flags = ['--ports=auto', '--set=shop-settings.SEED=demo', '--skip-check=latency-p99'];

describe('a rollout that is interrupted', function () {
  this.timeout(240_000);
  let dir: string;
  let looking: AbortController | undefined;

  before(async () => (dir = await mkdtemp(join(tmpdir(), 'an interrupted rollout '))));

  /** Starts an engine, as a program of its own, on the same state as the one before. */
  async function start(): Promise<{ pid: number; url: string }> {
    const bin = join(root, 'node_modules/.bin/faultline');
    const args = ['up', '--detach', '--json', ...flags, `--data-dir=${dir}`, `--root=${root}`];
    const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    const ready: { pid: number; links: { Shop: string } } = JSON.parse(text);
    return { pid: ready.pid, url: new URL(ready.links.Shop).origin };
  }

  after(async function () {
    this.timeout(60_000);
    looking?.abort();
    const engine = await connectEngine(dir).catch(() => undefined);
    await engine?.call('stop', {});
    await eventually(async () => {
      const running = await connectEngine(dir).catch(() => undefined);
      if (running !== undefined) throw new Error('the engine still runs');
    }, 50_000);
    await rm(dir, { recursive: true, force: true });
  });

  /** Somebody looks at products all the time: a canary needs traffic. */
  function look(url: string): void {
    looking?.abort();
    const over = new AbortController();
    looking = over;
    const visitor = new Api(url);
    const again = async () => {
      const { body } = await visitor.get('/api/v1/products', { query: { limit: 5 } });
      const [first] = Array.isArray(body['items']) ? body['items'] : [];
      while (!over.signal.aborted) {
        await visitor.get(`/api/v1/products/${first?.slug}`).catch(() => undefined);
      }
    };
    for (let people = 0; people < 4; people += 1) void again().catch(() => undefined);
  }

  const deploy = async (name: string) =>
    (await connectEngine(dir)).call('deploy', {
      service: 'catalog',
      patch: await patchOf(name),
      skip: ['typecheck', 'tests', 'contracts'],
    });
  const rollout = async () =>
    (await connectEngine(dir)).call('rollout', { service: 'catalog', action: 'status' });
  const gotTraffic = () =>
    eventually(async () => expect((await rollout()).weight).to.be.greaterThan(0), 60_000);
  const ends = () =>
    eventually(async () => {
      const { report, phase } = await rollout();
      if (report !== null && report.ended_at !== null) return report;
      throw new Error(`the rollout is ${phase}`);
    }, 90_000);

  it('by another deploy begins anew with that one', async () => {
    const { url } = await start();
    look(url);
    await deploy('all-errors.bad');
    await gotTraffic();
    const { release } = await deploy('price-label.good');
    expect(await ends()).to.include({ outcome: 'promoted', to_version: release.version });
  });

  it('by the end of the engine leaves no split: it goes on, and comes to an end', async () => {
    await deploy('some-errors.good');
    await gotTraffic();
    signalProcess((await connectEngine(dir)).pid, 'SIGKILL');
    const { url } = await start();
    look(url);
    const report = await ends();
    const { weights, canary } = await rollout();
    expect(weights).to.deep.equal({ primary: 100, canary: 0 });
    expect(canary).to.equal(null);
    expect(report.outcome).to.be.oneOf(['promoted', 'rolled-back']);
  });
});
