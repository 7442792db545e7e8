import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startEngine } from '../src/engine.ts';
import type { Engine } from '../src/engine-types.ts';
import type { DeployRequest } from '../src/rollouts/deploys.ts';
import type { RolloutStatus } from '../src/rollouts/rollout.ts';
import { faultline } from './command.ts';
import { eventually } from './eventually.ts';
import { Load } from './http.ts';
import { TempDir } from './temp-dir.ts';

/** A front, and behind it a service with a Canary; neither needs a store. */
const root = fileURLToPath(new URL('fixtures/canary', import.meta.url));

const crash = {
  name: 'crash.patch',
  text: `--- a/services/web/src/main.ts
+++ b/services/web/src/main.ts
@@ -1,3 +1,4 @@
 import { createServer } from 'node:http';
+throw new Error('the setting COLOUR is missing');
 
 // Says which version it is: a stand-in for a service, small enough to start in no time.
`,
};

describe('deploys', function () {
  this.timeout(120_000);
  let dir: TempDir;
  let engine: Engine;
  let load: Load;

  const start = async () => {
    engine = await startEngine({
      root,
      dataDir: dir.path,
      ports: 'auto',
      rollouts: { intervalMs: 500 },
    });
    load = new Load(engine.links['Shop'] ?? '', 2, 20);
  };
  const deploy = (request: Partial<DeployRequest>) =>
    engine.deploy({ service: 'web', skip: ['tests'], ...request });
  const untilOver = () =>
    eventually(
      'the end of the rollout',
      async (): Promise<RolloutStatus | false> => {
        const status = await engine.rollout('web');
        return typeof status.report?.ended_at === 'string' && status;
      },
      { withinMs: 60_000 },
    );
  const serving = () =>
    engine
      .instances('web')
      .filter(({ state }) => state !== 'Terminating')
      .map(({ version, role }) => `${version} ${role}`);

  before(async () => {
    dir = new TempDir();
    await start();
  });

  after(async () => {
    await load.stop();
    await engine.stop();
    dir[Symbol.dispose]();
  });

  it('begin with the pods of the working tree as the primary, kept as a release', async () => {
    expect(serving()).to.deep.equal(['1.0.0 primary']);
    expect(engine.instances('web')[0]?.name).to.match(/^web-primary-\w{5}-\w{5}$/);
    const [web] = await engine.releases('web');
    expect(web).to.deep.include({ version: '1.0.0', runs: ['primary'] });
  });

  it('replace the pods step by step, while the others go on', async () => {
    const [front] = engine.instances('front');
    const reply = await deploy({ version: '1.1.0', strategy: 'rolling', env: { COLOUR: 'red' } });
    expect(reply.release).to.deep.include({ version: '1.1.0', skipped: ['tests'] });
    expect(serving()).to.deep.equal(['1.1.0 primary']);
    await eventually('it to answer', () => load.answeredBy.has('1.1.0'));
    expect(engine.instances('front')[0]?.pid).to.equal(front?.pid);
    expect(load.failures).to.deep.equal([]);
  });

  it('say why a version does not start, and leave the old one', async () => {
    const failure = await deploy({ patch: crash, strategy: 'rolling' }).catch(String);
    expect(failure).to.include('deploy web').and.include('the setting COLOUR is missing');
    expect(serving()).to.deep.equal(['1.1.0 primary']);
    expect(load.failures).to.deep.equal([]);
  });

  it('give a new version a growing share, and promote it', async () => {
    const { rollout } = await deploy({ version: '1.2.0', env: { COLOUR: 'green' } });
    expect(rollout).to.deep.include({ service: 'web', phase: 'Progressing' });
    const { report, phase, canary } = await untilOver();
    expect({ phase, canary, outcome: report?.outcome }).to.deep.equal({
      phase: 'Succeeded',
      canary: null,
      outcome: 'promoted',
    });
    expect(report?.weights.map(({ weight }) => weight)).to.deep.equal([10, 20, 30, 40, 50, 0]);
    expect(report?.requests_met).to.be.greaterThan(0);
    expect(serving()).to.deep.equal(['1.2.0 primary']);
    expect(load.failures).to.deep.equal([]);
  });

  it('take back a version that fails, and tell what it did', async () => {
    await deploy({ version: '1.3.0', env: { STATUS: '500' } });
    const { report, weights } = await untilOver();
    expect(report).to.include({ outcome: 'rolled-back', from_version: '1.2.0' });
    // On a busy machine a step or two go by before its metrics are there to judge.
    const shares = report?.weights.map(({ weight }) => weight) ?? [];
    expect([shares[0], shares.at(-1)]).to.deep.equal([10, 0]);
    expect(Math.max(...shares)).to.be.lessThan(50);
    expect(report?.time_to_safe_ms).to.be.greaterThan(0);
    expect(weights).to.deep.equal({ primary: 100, canary: 0 });
    const failed = load.failures.splice(0);
    expect(failed.length).to.be.greaterThan(0);
    await eventually('all requests to be counted', async () => {
      const { report: counted } = await engine.rollout('web');
      return (counted?.requests_met ?? 0) >= failed.length;
    });
    await eventually('the bad version to go', () => serving().join() === '1.2.0 primary');
  });

  it('are shown and led by the command', async () => {
    const run = async (...args: string[]) => {
      const outcome = await faultline([...args, '--json', '--data-dir', dir.path]);
      return outcome.code === 0 ? JSON.parse(outcome.out) : outcome.err;
    };
    expect(await run('rollout', 'pause', 'web')).to.include('expected a rollout that is');
    const { reports } = await run('rollout', 'reports', 'web');
    expect(reports.map(({ to_version: to }: { to_version: string }) => to)).to.deep.equal([
      '1.3.0',
      '1.2.0',
    ]);
    await run('deploy', 'web', '--set', 'COLOUR=blue', '--version', '1.4.0', '--skip-tests');
    expect(await run('rollout', 'abort', 'web')).to.include({ service: 'web' });
    expect(await untilOver()).to.include({ phase: 'Failed' });
    const { releases } = await run('releases', 'web');
    expect(releases[0]).to.deep.include({ version: '1.4.0', env: { COLOUR: 'blue' }, runs: [] });
    const back = await run('deploy', 'web', '--version', '1.1.0', '--strategy', 'rolling');
    expect(back.service).to.include({ version: '1.1.0', phase: 'Initialized' });
    expect(await run('deploy', 'nobody')).to.include("there is no service 'nobody'");
  });

  it('go on where an engine that is gone had stopped, and leave nothing split', async () => {
    await deploy({ version: '1.2.0' });
    await eventually('traffic', () => engine.rollouts()[0]?.weights.canary === 20, {
      withinMs: 60_000,
    });
    await load.stop();
    await engine.stop();
    await start();
    expect(serving()).to.include('1.1.0 primary');
    const { phase, report } = await untilOver();
    expect(phase).to.equal('Succeeded');
    // All traffic went back before the analysis began again.
    const shares = (report?.weights ?? []).map(({ weight }) => weight);
    expect(shares.slice(shares.indexOf(0))).to.deep.equal([0, 10, 20, 30, 40, 50, 0]);
    expect(serving()).to.deep.equal(['1.2.0 primary']);
    expect(load.failures).to.deep.equal([]);
  });
});
