import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { TempDir } from '../../local/test/temp-dir.ts';
import { skip } from '../../tools/skip.ts';
import { Tree } from '../support/standalone.ts';
import { dockerfile, prune, stagesOf } from './support/dockerfile.ts';

const service = 'storefront';
const source = `services/${service}/src/main.ts`;

describe('live update', function () {
  this.timeout(180_000);

  it('has the running container serve what was saved, each time that it is', async function () {
    if (!execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar')) {
      skip(this, 'there is no GNU tar, which the images have');
    }
    await using tree = await Tree.assemble(service);
    prune(service, tree.dir);
    const stage = stagesOf(dockerfile(service)).find(({ name }) => name === 'dev');
    const text = readFileSync(join(tree.dir, source), 'utf8');
    const port = await freePort();
    const child = start({ dir: tree.dir, lines: stage?.lines ?? [], port });
    const ended = once(child, 'exit');
    try {
      await serves(port, 'as-built');
      for (const version of ['first', 'second', 'third']) {
        save(tree.dir, {
          text: `process.env['SERVICE_VERSION'] = '${version}';\n${text}`,
          env: environmentOf(stage?.lines ?? []),
        });
        await serves(port, version);
      }
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  });
});

type Container = { dir: string; lines: readonly string[]; port: number };

/** As the `dev` stage starts it. */
function start({ dir, lines, port }: Container): ChildProcess {
  const command: unknown = JSON.parse(
    lines.findLast((one) => one.startsWith('CMD '))?.slice(4) ?? '',
  );
  const [program, ...args] = Array.isArray(command) ? command.map(String) : [];
  expect(program).to.equal('node');
  return spawn(process.execPath, args, {
    cwd: join(dir, 'services', service),
    env: {
      ...environmentOf(lines),
      SERVICE_NAME: service,
      SERVICE_VERSION: 'as-built',
      LISTEN_HTTP: '127.0.0.1:0',
      LISTEN_ADMIN: `127.0.0.1:${port}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** What its lines `ENV name=value` say. */
function environmentOf(lines: readonly string[]): Record<string, string> {
  const found = lines.map((line) => /^ENV (?<name>\w+)=(?<value>\S+)$/.exec(line)?.groups);
  return Object.fromEntries(found.flatMap((one) => (one ? [[one['name'], one['value']]] : [])));
}

/** As Tilt brings a file into a container: `tar -C / -x -f -`, run in it. */
function save(dir: string, { text, env }: { text: string; env: Record<string, string> }): void {
  using saved = new TempDir();
  mkdirSync(dirname(saved.join(source)), { recursive: true });
  writeFileSync(saved.join(source), text);
  const archive = execFileSync('tar', ['-C', saved.path, '-c', '-f', '-', source]);
  const { PATH = '' } = process.env;
  execFileSync('tar', ['-C', dir, '-x', '-f', '-'], { input: archive, env: { PATH, ...env } });
}

async function serves(port: number, version: string): Promise<void> {
  await eventually(async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/health/details`);
    expect(await reply.json()).to.include({ version });
  }, 50_000);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
