import {
  cpSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startEngine } from '../src/engine.ts';
import { signalProcess } from '../src/process/identity.ts';
import { fixture } from './command.ts';
import { eventually } from './eventually.ts';
import { get } from './http.ts';
import { System } from './system.ts';
import { TempDir } from './temp-dir.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** The headers that echo saw. */
async function seenHeaders(url: string): Promise<Map<string, string>> {
  const { headers } = JSON.parse((await get(url)).body);
  const names: string[] = headers.filter((_: string, at: number) => at % 2 === 0);
  return new Map(names.map((name, at) => [name.toLowerCase(), headers[at * 2 + 1]]));
}

/** The TCP ports that a process listens on. */
function listeningPorts(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined; // closed in between
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]))
      .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)),
  );
}

describe('engine’s mesh', function () {
  this.timeout(60_000);

  it('carries every call by mTLS, under the caller’s identity', async () => {
    await using system = await System.start();
    const headers = await seenHeaders(system.url);
    expect(headers.get('l5d-client-id')).to.equal(
      'front.default.serviceaccount.identity.linkerd.cluster.local',
    );
  });

  it('lets nobody reach an app around its sidecar', async function () {
    if (process.platform !== 'linux') this.skip(); // sockets are looked up in /proc
    await using system = await System.start();
    const instances = system.engine.status().services.flatMap((service) => service.instances);
    for (const { name, pid, proxy_pid } of instances) {
      expect(listeningPorts(pid ?? 0), name).to.deep.equal([]);
      expect(listeningPorts(proxy_pid ?? 0), name).not.to.deep.equal([]);
    }
  });

  it('refuses a caller without an identity what policy does not allow', async () => {
    await using system = await System.start();
    const [echo] = system.engine.instances('echo');
    const ports = listeningPorts(echo?.proxy_pid ?? 0);
    const answers = await Promise.all(
      // A store behind one of them hangs up on HTTP.
      ports.map((port) => get(`http://127.0.0.1:${port}/env`).catch(() => undefined)),
    );
    expect(answers.map((answer) => answer?.status)).to.include(403);
    for (const answer of answers) expect(answer?.body ?? '').not.to.include('POD_NAME');
    expect((await get(`${echo?.admin_url}/livez`)).status).to.equal(200);
  });

  it('passes what goes to stores through the sidecar', async () => {
    await using system = await System.start();
    const [echo] = system.engine.instances('echo');
    const { redis = '' } = system.engine.storeUrls();
    const env = await system.env();
    expect(new URL(env['REDIS_URL'] ?? '').password).to.equal(new URL(redis).password);
    expect(new URL(env['REDIS_URL'] ?? '').port).not.to.equal(new URL(redis).port);
    const metrics = (await get(`${echo?.proxy_admin_url}/metrics`)).body;
    const opened = /^tcp_open_total\{[^}]*dst_service="postgres"[^}]*\} (\d+)$/m.exec(metrics)?.[1];
    expect(Number(opened)).to.be.greaterThan(0);
  });

  it('takes an instance out while its sidecar is away, and starts that again', async () => {
    await using system = await System.start();
    const [echo] = system.engine.instances('echo');
    signalProcess(echo?.proxy_pid ?? 0, 'SIGKILL');
    const find = () => system.engine.instances('echo').find(({ name }) => name === echo?.name);
    await eventually('it to be away', () => find()?.ready === false);
    const again = await eventually('its return', () => {
      const now = find();
      return now?.ready && now.proxy_pid !== echo?.proxy_pid ? now : undefined;
    });
    expect(again.pid).to.equal(echo?.pid);
    for (let n = 0; n < 10; n += 1) expect((await get(system.url)).status).to.equal(200);
  });

  it('follows its manifests, and keeps the last good ones', async () => {
    using folder = new TempDir();
    const root = join(folder.path, 'shop');
    cpSync(fixture, root, { recursive: true });
    symlinkSync(modules, join(root, 'node_modules'));
    const file = join(root, 'mesh/policy/echo.yaml');
    const before = readFileSync(file, 'utf8');
    const problems: string[] = [];
    const engine = await startEngine({
      root,
      dataDir: join(folder.path, 'data'),
      ports: 'auto',
      onEvent: ({ component, reason }) => {
        if (component === 'mesh') problems.push(reason ?? '');
      },
    });
    try {
      const status = async () => (await get(engine.links['Shop'] ?? '')).status;
      expect(await status()).to.equal(200);
      writeFileSync(file, before.replace('name: front', 'name: nobody'));
      await eventually('the new policy', async () => (await status()) === 403);
      writeFileSync(file, before.replace('podSelector', 'pods'));
      await eventually('the refusal', () => problems.length > 0);
      expect(problems[0]).to.match(/mesh\/policy\/echo\.yaml:4:1 spec\.podSelector/);
      expect(await status()).to.equal(403);
      writeFileSync(file, before);
      await eventually('the old policy', async () => (await status()) === 200);
    } finally {
      await engine.stop();
    }
  });
});
