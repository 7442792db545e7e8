import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { eventually } from '../../test/eventually.ts';
import { TempDir } from '../../test/temp-dir.ts';
import { describeExit, spawnChild, stopChild, type Child } from './child.ts';
import { ProcessGuard, stopLeftovers } from './guard.ts';
import { isSameProcess, processIdentity, signalProcess } from './identity.ts';

const env = { PATH: '/usr/bin:/bin' };
const sleeper = { command: 'sleep', args: ['600'], env };

/** A process that ignores SIGTERM, from the moment this resolves. */
async function spawnStubborn(guard: ProcessGuard): Promise<Child> {
  const script = 'trap "" TERM; echo ready; while :; do sleep 1; done';
  const ready = Promise.withResolvers<unknown>();
  const child = await spawnChild({
    command: 'sh',
    args: ['-c', script],
    env,
    guard,
    onOutput: (_, source) => source.once('data', ready.resolve),
  });
  await ready.promise;
  return child;
}

function gone(pid: number): boolean {
  return processIdentity(pid) === undefined;
}

describe('process identity', () => {
  it('tells a process from one that is gone or another one', () => {
    const identity = processIdentity(process.pid) ?? '';
    expect(identity).not.to.equal('');
    expect(isSameProcess(process.pid, identity)).to.equal(true);
    expect(isSameProcess(process.ppid, identity)).to.equal(false);
    expect(processIdentity(2 ** 30)).to.equal(undefined);
    expect(signalProcess(2 ** 30, 'SIGTERM')).to.equal(false);
  });
});

describe('guarded processes', () => {
  it('end by the signal, or by SIGKILL when their time is up', async () => {
    const guard = new ProcessGuard();
    const clock = systemClock;
    const one = await spawnChild({ ...sleeper, guard });
    expect(describeExit(await stopChild(one, { graceMs: 5000, clock }))).to.equal('signal SIGTERM');
    const two = await spawnStubborn(guard);
    expect(describeExit(await stopChild(two, { graceMs: 100, clock }))).to.equal('signal SIGKILL');
    guard.close();
  });

  it('cannot be started from a file that is not there', async () => {
    const guard = new ProcessGuard();
    const error = await spawnChild({ command: '/no/such', args: [], env, guard }).catch(String);
    expect(error).to.include('cannot start /no/such: ');
    guard.close();
  });

  it('are ended by the reaper when the guard goes, the obedient and the stubborn', async () => {
    using dir = new TempDir();
    const guard = new ProcessGuard(dir.path);
    const children = [await spawnChild({ ...sleeper, guard }), await spawnStubborn(guard)];
    expect(readdirSync(dir.path)).to.have.length(2);
    // What the operating system does when this process is killed.
    guard.close();
    const isOver = () => children.every(({ pid }) => gone(pid));
    await eventually('both to end', isOver, { withinMs: 8000 });
  });

  it('keep their guard when the reaper is killed', async () => {
    const guard = new ProcessGuard();
    const child = await spawnChild({ ...sleeper, guard });
    const first = guard.reaperPid ?? 0;
    signalProcess(first, 'SIGKILL');
    await eventually('another reaper', () => guard.reaperPid !== first);
    guard.close();
    await eventually('the child to end', () => gone(child.pid));
  });

  it('are forgotten once they have ended', async () => {
    using dir = new TempDir();
    const guard = new ProcessGuard(dir.path);
    const child = await spawnChild({ ...sleeper, guard });
    child.kill('SIGTERM');
    await child.exited;
    expect(readdirSync(dir.path)).to.deep.equal([]);
    guard.close();
  });
});

describe('left-over processes', () => {
  it('are ended when they are what was recorded, and only then', async () => {
    using dir = new TempDir();
    const left = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    await Promise.all([once(left, 'spawn'), once(other, 'spawn')]);
    const record = (identity: string | undefined) =>
      JSON.stringify({ identity, signal: 'SIGTERM' });
    dir.write(String(left.pid), record(processIdentity(left.pid ?? 0)));
    dir.write(String(other.pid), record('another boot:1'));
    dir.write('77', '{"torn');
    expect(await stopLeftovers(dir.path)).to.deep.equal([left.pid]);
    expect(gone(left.pid ?? 0)).to.equal(true);
    expect(gone(other.pid ?? 0)).to.equal(false);
    expect(readdirSync(dir.path)).to.deep.equal([]);
    other.kill();
    await once(other, 'exit');
  });
});
