import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { connectEngine } from '../src/control/client.ts';
import { signalProcess } from '../src/process/identity.ts';
import type { DeployRequest } from '../src/rollouts/deploys.ts';
import type { RolloutReport } from '../src/rollouts/report.ts';
import { faultline } from './command.ts';
import { eventually } from './eventually.ts';
import { Load } from './http.ts';
import { TempDir } from './temp-dir.ts';

const root = fileURLToPath(new URL('fixtures/canary', import.meta.url));
const withinMs = 60_000;

describe('a rollout that is interrupted', function () {
  this.timeout(120_000);
  let dir: TempDir;
  let load: Load | undefined;

  before(() => (dir = new TempDir()));

  /** Starts an engine, as a program of its own, on the same state as the one before. */
  async function start(): Promise<void> {
    const flags = ['--detach', '--json', '--ports=auto', '--rollout-interval=500ms'];
    const started = await faultline(['up', ...flags, `--data-dir=${dir.path}`, `--root=${root}`]);
    expect(started.code, started.err).to.equal(0);
    await load?.stop();
    load = new Load(JSON.parse(started.out).links.Shop, 2, 20);
  }

  after(async () => {
    await load?.stop();
    const { code, err } = await faultline(['down', '--data-dir', dir.path]);
    expect(code, err).to.equal(0);
    dir[Symbol.dispose]();
  });

  const deploy = async (request: Partial<DeployRequest>) =>
    (await connectEngine(dir.path)).call('deploy', { service: 'web', skip: ['tests'], ...request });
  const rollout = async () =>
    (await connectEngine(dir.path)).call('rollout', { service: 'web', action: 'status' });
  const gotTraffic = () =>
    eventually('traffic', async () => (await rollout()).weight > 0, { withinMs });
  const ends = () =>
    eventually(
      'the end of the rollout',
      async (): Promise<RolloutReport | false> => {
        const { report } = await rollout();
        return typeof report?.ended_at === 'string' && report;
      },
      { withinMs },
    );

  it('by another deploy begins anew with that one', async () => {
    await start();
    await deploy({ version: '1.1.0', env: { STATUS: '500' } });
    await gotTraffic();
    await deploy({ version: '1.2.0', env: { COLOUR: 'green' } });
    expect(await ends()).to.include({ outcome: 'promoted', to_version: '1.2.0' });
  });

  it('by the end of the engine leaves no split: it goes on, and comes to an end', async () => {
    await deploy({ version: '1.3.0', env: { COLOUR: 'red' } });
    await gotTraffic();
    signalProcess((await connectEngine(dir.path)).pid, 'SIGKILL');
    await start();
    expect(await ends()).to.include({ outcome: 'promoted', to_version: '1.3.0' });
    const { weights, canary } = await rollout();
    expect(weights).to.deep.equal({ primary: 100, canary: 0 });
    expect(canary).to.equal(null);
    expect(load?.failures).to.deep.equal([]);
  });
});
