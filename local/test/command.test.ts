import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { expect } from 'chai';
import { processIdentity, signalProcess } from '../src/process/identity.ts';
import { lockHolder } from '../src/state/lock.ts';
import type { Status } from '../src/status.ts';
import { skip } from '../../tools/skip.ts';
import { faultline, fixture, start, type CommandOptions } from './command.ts';
import { eventually } from './eventually.ts';
import { get } from './http.ts';
import { TempDir } from './temp-dir.ts';

/** A state directory whose engine, should a test have failed, does not outlive it. */
class EngineDir extends TempDir {
  override [Symbol.dispose](): void {
    const pid = lockHolder(this.join('engine.lock'));
    if (pid !== undefined) signalProcess(pid, 'SIGKILL');
    super[Symbol.dispose]();
  }
}

function up(dir: EngineDir, ...more: string[]): string[] {
  return ['up', '--root', fixture, '--data-dir', dir.path, '--ports', 'auto', ...more];
}

async function statusOf(dir: EngineDir, options?: CommandOptions): Promise<Status> {
  const { out, err, code } = await faultline(['status', '--json', '--data-dir', dir.path], options);
  expect(code, err).to.equal(0);
  return JSON.parse(out);
}

function pidsOf({ services, stores }: Status): number[] {
  const processes = [...services.flatMap(({ instances }) => instances), ...stores];
  return processes.map(({ pid }) => pid ?? 0);
}

const isGone = (pid: number) => processIdentity(pid) === undefined;

describe('faultline', function () {
  this.timeout(90_000);

  it('starts detached, answers questions, obeys and stops', async () => {
    using dir = new EngineDir();
    const started = await faultline(up(dir, '--detach', '--json'));
    expect(started.code, started.err).to.equal(0);
    const { links, pid } = JSON.parse(started.out);
    expect(links.Shop).to.match(/^http:\/\/localhost:\d+\/$/);
    expect((await get(links.Shop)).status).to.equal(200);

    const status = await statusOf(dir);
    expect(status.links).to.deep.equal(links);
    const table = await faultline(['status', '--data-dir', dir.path]);
    expect(table.out)
      .to.match(/^INSTANCE +VERSION +SHARE +READY/)
      .and.include('postgres');
    const secret = await faultline(['status', '--json', '--secrets', '--data-dir', dir.path]);
    expect(JSON.parse(secret.out).stores[0].admin_url).to.match(/^postgresql:\/\/postgres:/);

    const scaled = await faultline(['scale', 'echo', '1', '--json', '--data-dir', dir.path]);
    expect(JSON.parse(scaled.out)).to.include({ name: 'echo', replicas: 1 });
    const restarted = await faultline(['restart', 'front', '--now', '--data-dir', dir.path]);
    expect(restarted).to.deep.equal({ code: 0, out: 'front is ready again.\n', err: '' });
    const logs = await faultline(['logs', 'echo', '--tail', '1', '--data-dir', dir.path]);
    expect(logs.out).to.match(/^echo-\S+ \{.*"msg":"started".*\}\n$/);

    const again = await faultline(up(dir));
    expect(again.code).to.equal(1);
    expect(again.err).to.include(`an engine runs on this state directory already (process ${pid})`);

    const stopped = await faultline(['down', '--data-dir', dir.path]);
    expect(stopped).to.deep.equal({ code: 0, out: 'Stopped.\n', err: '' });
    expect(pidsOf(status).filter((one) => !isGone(one))).to.deep.equal([]);
    expect(isGone(pid)).to.equal(true);
  });

  it('stops orderly on Ctrl-C and says what it does', async () => {
    using dir = new EngineDir();
    const engine = start(up(dir));
    await eventually('it to be ready', () => engine.out().includes('Ready in'), {
      withinMs: 60_000,
    });
    const status = await statusOf(dir);
    engine.kill('SIGINT');
    const { code, out, err } = await engine.ended;
    expect(code, err).to.equal(0);
    expect(out)
      .to.match(/postgres +Ready/)
      .and.include('Shop')
      .and.match(/engine +Stopped/);
    expect(out).not.to.include('\u001B');
    expect(err).to.include('Draining and stopping');
    expect(pidsOf(status).filter((one) => !isGone(one))).to.deep.equal([]);
  });

  it('gives up a start on Ctrl-C', async () => {
    using dir = new EngineDir();
    const engine = start(up(dir));
    await eventually('it to begin', () => engine.out().includes('Starting'), { withinMs: 30_000 });
    engine.kill('SIGTERM');
    expect((await engine.ended).code).to.equal(0);
    expect(readdirSync(dir.join('processes'))).to.deep.equal([]);
  });

  it('leaves nothing running when it is killed, and starts again from what it left', async () => {
    using dir = new EngineDir();
    const first = start(up(dir));
    await eventually('it to be ready', () => first.out().includes('Ready in'), {
      withinMs: 60_000,
    });
    const pids = pidsOf(await statusOf(dir));
    first.kill('SIGKILL');
    await eventually('all to end', () => pids.every(isGone), { withinMs: 7000 });
    expect(existsSync(dir.join('engine.lock'))).to.equal(true);
    const second = start(up(dir));
    await eventually('it to be ready', () => second.out().includes('Ready in'), {
      withinMs: 60_000,
    });
    expect((await statusOf(dir)).services.every(({ instances }) => instances[0]?.ready)).to.equal(
      true,
    );
    second.kill('SIGTERM');
    expect((await second.ended).code).to.equal(0);
  });

  it('stops at once on a second Ctrl-C', async () => {
    using dir = new EngineDir();
    const engine = start(up(dir));
    await eventually('it to be ready', () => engine.out().includes('Ready in'), {
      withinMs: 60_000,
    });
    const pids = pidsOf(await statusOf(dir));
    const link = /http:\/\/\S+/.exec(engine.out())?.[0] ?? '';
    // Keeps echo busy beyond what anybody wants to wait.
    const slow = get(`${link}?delay=9000`).catch(String);
    engine.kill('SIGINT');
    await eventually('the drain', () => engine.err().includes('Draining'));
    engine.kill('SIGINT');
    await engine.ended;
    await eventually('all to end', () => pids.every(isGone), { withinMs: 7000 });
    await slow;
  });

  it('runs on the pinned Node.js when another one starts it', async function () {
    const other = ['/usr/local/bin/node', '/usr/bin/node', '/opt/homebrew/bin/node'].find((path) =>
      existsSync(path),
    );
    if (other === undefined) return skip(this, 'there is no other Node.js on this machine');
    const { code, out } = await faultline(['--help'], { node: other });
    expect(code).to.equal(0);
    expect(out).to.include('Usage: faultline <command>');
  });

  it('runs as an ordinary user, too', async function () {
    if (process.getuid?.() !== 0) return skip(this, 'the tests do not run as root');
    using dir = new EngineDir();
    const [uid, gid] = [65_534, 65_534];
    await cp(fixture, dir.join('x'), { recursive: true });
    const { chownSync } = await import('node:fs');
    for (const path of [dir.path, dir.join('x')]) chownSync(path, uid, gid);
    const options = { uid, gid, env: { PATH: process.env['PATH'], HOME: dir.path } };
    const started = await faultline(up(dir, '--detach', '--json'), options);
    expect(started.code, started.err).to.equal(0);
    const status = await statusOf(dir, options);
    const postgres = status.stores[0]?.pid ?? 0;
    expect(readFileSync(`/proc/${postgres}/status`, 'utf8')).to.match(/^Uid:\t65534\t/m);
    expect((await faultline(['down', '--data-dir', dir.path], options)).code).to.equal(0);
  });

  it('runs PostgreSQL unprivileged under root, also from where nobody else can read', async function () {
    if (process.getuid?.() !== 0) return skip(this, 'the tests do not run as root');
    using dir = new EngineDir(); // mkdtemp makes it 0700
    const started = await faultline(up(dir, '--detach', '--json'));
    expect(started.code, started.err).to.equal(0);
    const postgres = (await statusOf(dir)).stores[0]?.pid ?? 0;
    expect(readFileSync(`/proc/${postgres}/status`, 'utf8')).not.to.match(/^Uid:\t0\t/m);
    signalProcess(JSON.parse(started.out).pid, 'SIGTERM');
    await eventually('all to end', () => isGone(postgres));
  });

  const misuse: [string[], RegExp][] = [
    [
      ['upp'],
      /unknown command 'upp'; expected one of: up, down, status, logs, scale, autoscale, restart/,
    ],
    [['up', '--deatch'], /Unknown option '--deatch'; up knows: --json, --data-dir, .*--detach/],
    [['up', 'orders'], /expected faultline up, got 'orders'/],
    [['up', '--ports', '8080'], /--ports: expected 'auto', not '8080'/],
    [['scale', 'echo'], /expected faultline scale <service> <n>, got 'echo'/],
    [['scale', 'echo', 'two'], /scale: expected a whole number, not 'two'/],
    [['logs', 'echo', '--tail', '-1'], /--tail/],
    [['status', '--data-dir'], /--data-dir/],
  ];
  for (const [args, expected] of misuse) {
    it(`refuses '${args.join(' ')}' and says what it expected`, async () => {
      const { code, out, err } = await faultline(args);
      expect(err).to.match(expected);
      expect([code, out]).to.deep.equal([2, '']);
    });
  }

  it('tells when no engine runs, and which services there are', async () => {
    using dir = new EngineDir();
    const none = await faultline(['status', '--data-dir', dir.path]);
    expect([none.code, none.err]).to.deep.equal([
      1,
      `faultline: no engine runs on ${dir.path}; start one with faultline up\n`,
    ]);
    dir.write('logs/echo/echo-1.log', 'x\n');
    const unknown = await faultline(['logs', 'ecco', '--data-dir', dir.path]);
    expect([unknown.code, unknown.err.includes('expected one of: echo')]).to.deep.equal([2, true]);
    const gone = await faultline(['logs', 'echo', '--instance', 'z', '--data-dir', dir.path]);
    expect([gone.code, gone.err.includes('expected one of: echo-1')]).to.deep.equal([2, true]);
  });

  it('explains every command with an example', async () => {
    for (const command of ['up', 'down', 'status', 'logs', 'scale', 'restart']) {
      const { code, out } = await faultline([command, '--help']);
      expect(code).to.equal(0);
      expect(out).to.include(`Usage: faultline ${command}`).and.include('--json');
      expect(out).to.match(new RegExp(`Example: faultline ${command}`));
    }
  });

  it('reports what is wrong with the manifests and does not start', async () => {
    using dir = new EngineDir();
    const manifest = readFileSync(`${fixture}/services/front/deploy/front.yaml`, 'utf8');
    const wrong = manifest.replace('replicas: 1', 'paused: true');
    dir.write('services/front/deploy/front.yaml', wrong);
    const { code, err } = await faultline(['up', '--root', dir.path]);
    expect(code).to.equal(1);
    expect(err).to.match(/front\.yaml:22:3 spec\.paused: not supported by the local engine/);
  });
});
