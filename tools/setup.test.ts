import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundle, bundledFolders, isStale } from './setup/bundles.mjs';
import { root } from './config.ts';
import { userEnvironment } from './setup/config.mjs';
import { installCommand } from './setup/install.mjs';
import { withLock } from './setup/lock.mjs';
import { installedMatchesLock, planSetup, type Facts, type Program } from './setup/plan.mjs';

const redis: Program = {
  id: 'redis-server',
  why: 'events live in it',
  variable: 'REDIS_URL=redis://host',
  available: true,
  optional: false,
  packages: { apt: 'redis-server', brew: 'redis' },
};
const chromium: Program = {
  ...redis,
  id: 'chromium',
  optional: true,
  packages: { apt: 'chromium', brew: null },
};
const dayMs = 24 * 60 * 60 * 1000;

function facts(changes: Partial<Facts> = {}): Facts {
  return {
    nowMs: 10 * dayMs,
    platform: 'linux',
    arch: 'x64',
    lockHash: 'new',
    stamp: { lockHash: 'new', platform: 'linux', arch: 'x64' },
    nodeInstalled: true,
    installedMatchesLock: false,
    programs: [redis, chromium],
    manager: 'apt',
    privilege: 'root',
    bundles: [{ dir: 'services/storefront', stale: false }],
    ...changes,
  };
}

const missingRedis = { ...redis, available: false };
const missingChromium = { ...chromium, available: false };

describe('the plan of set-up', () => {
  it('is empty when everything is there', () => {
    expect(planSetup(facts())).to.deep.equal({ steps: [], problems: [], notes: [] });
  });

  const reinstalls: [string, Partial<Facts>, string][] = [
    ['on the first run', { stamp: null, nodeInstalled: false }, 'first run'],
    ['when the lockfile changed', { lockHash: 'newer' }, 'package-lock.json changed'],
    ['when node_modules lost its Node', { nodeInstalled: false }, 'node_modules is incomplete'],
    ['when node_modules came from another platform', { platform: 'darwin' }, 'linux-x64'],
    ['when node_modules came from another processor', { arch: 'arm64' }, 'linux-x64'],
  ];
  for (const [when, changes, why] of reinstalls) {
    it(`installs packages ${when}`, () => {
      const [step] = planSetup(facts(changes)).steps;
      expect(step).to.have.property('do', 'npm-ci');
      expect(step).to.have.property('why').that.includes(why);
    });
  }

  it('takes packages that npm was told to install by hand', () => {
    const { steps } = planSetup(facts({ lockHash: 'newer', installedMatchesLock: true }));
    expect(steps).to.deep.equal([{ do: 'stamp' }]);
  });

  it('installs missing programs as root, through sudo and with brew', () => {
    const plan = (changes: Partial<Facts>) =>
      planSetup(facts({ programs: [missingRedis], ...changes })).steps;
    const step = { do: 'install', programs: [missingRedis], optional: false };
    expect(plan({})).to.deep.equal([{ ...step, manager: 'apt', sudo: false }]);
    expect(plan({ privilege: 'sudo' })).to.deep.equal([{ ...step, manager: 'apt', sudo: true }]);
    expect(plan({ manager: 'brew', privilege: 'none' })).to.deep.equal([
      { ...step, manager: 'brew', sudo: false },
    ]);
  });

  it('names command and variable where it cannot install', () => {
    const { steps, problems } = planSetup(facts({ programs: [missingRedis], privilege: 'none' }));
    expect(steps).to.deep.equal([]);
    expect(problems).to.have.lengthOf(1);
    expect(problems[0]).to.include('redis-server is missing: events live in it');
    expect(problems[0]).to.include('sudo apt-get install -y --no-install-recommends redis-server');
    expect(problems[0]).to.include('REDIS_URL=');
  });

  it('goes on without an optional program', () => {
    const { problems, notes } = planSetup(
      facts({ programs: [redis, missingChromium], manager: 'brew' }),
    );
    expect(problems).to.deep.equal([]);
    expect(notes.join()).to.include('chromium is missing');
  });

  it('tries an optional program that failed again only after a day', () => {
    const triedAt = (ms: number) =>
      planSetup(
        facts({
          programs: [missingChromium],
          stamp: { lockHash: 'new', platform: 'linux', arch: 'x64', triedAtMs: { chromium: ms } },
        }),
      ).steps;
    expect(triedAt(9.5 * dayMs)).to.deep.equal([]);
    expect(triedAt(8.5 * dayMs)).to.have.lengthOf(1);
  });

  it('bundles what changed', () => {
    const { steps } = planSetup(facts({ bundles: [{ dir: 'services/admin', stale: true }] }));
    expect(steps).to.deep.equal([{ do: 'bundle', dir: 'services/admin' }]);
  });
});

describe('set-up', () => {
  it('compares node_modules with the lockfile, optional packages left out', () => {
    const lock = {
      packages: { '': {}, a: { version: '1' }, b: { version: '2', optional: true } },
    };
    const installed = (packages: object) => installedMatchesLock(lock, { packages });
    expect(installed({ a: { version: '1' } })).to.equal(true);
    expect(installed({ a: { version: '2' } })).to.equal(false);
    expect(installed({})).to.equal(false);
    expect(installed({ a: { version: '1' }, c: { version: '1' } })).to.equal(false);
    expect(installedMatchesLock(lock, null)).to.equal(false);
  });

  it('installs system packages by argument, never by text inside the script', () => {
    const [command, args] = installCommand({ manager: 'apt', sudo: true, programs: [redis] });
    expect(command).to.equal('sudo');
    expect(args.slice(0, 3)).to.deep.equal(['-n', 'sh', '-c']);
    expect(args.slice(4)).to.deep.equal(['sh', 'redis-server']);
    const brew = installCommand({ manager: 'brew', sudo: false, programs: [redis] });
    expect(brew).to.deep.equal(['brew', ['install', 'redis']]);
  });

  it('looks for programs where the user would, not in node_modules', () => {
    const env = userEnvironment({ PATH: '/x y/node_modules/.bin:/usr/bin:/a/node_modules/.bin/' });
    expect(env).to.deep.equal({ PATH: '/usr/bin' });
  });
});

describe('in a temporary checkout', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'set up '));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('the lock lets one in at a time', async () => {
    const path = join(dir, 'state/lock');
    const events: string[] = [];
    const enter = (name: string) =>
      withLock(
        path,
        async () => {
          events.push(`${name} in`);
          await new Promise((resolve) => setImmediate(resolve));
          events.push(`${name} out`);
        },
        () => undefined,
      );
    await Promise.all([enter('a'), enter('b')]);
    expect(events).to.deep.equal(['a in', 'a out', 'b in', 'b out']);
  });

  it('the lock of a process that is gone is taken over', async () => {
    const path = join(dir, 'lock');
    mkdirSync(path);
    utimesSync(path, 0, 0);
    let waited = false;
    const result = await withLock(
      path,
      () => Promise.resolve('done'),
      () => (waited = true),
    );
    expect([result, waited]).to.deep.equal(['done', false]);
  });

  it('web sources are bundled once, and again when one of them changes', async () => {
    const web = join(dir, 'services/shop/web');
    mkdirSync(web, { recursive: true });
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    writeFileSync(join(dir, 'package-lock.json'), '{}');
    writeFileSync(join(web, 'app.ts'), "import { greet } from './lib/greet.ts';\ngreet('you');");
    mkdirSync(join(web, 'lib'));
    const library = join(web, 'lib/greet.ts');
    writeFileSync(library, 'export const greet = (name: string) => console.log(`hi ${name}`);');

    expect(bundledFolders(dir)).to.deep.equal(['services/shop']);
    expect(isStale(dir, 'services/shop')).to.equal(true);
    await bundle(dir, 'services/shop', root);
    expect(isStale(dir, 'services/shop')).to.equal(false);
    expect(readFileSync(join(dir, 'services/shop/dist/app.js'), 'utf8')).to.include('hi ');

    writeFileSync(library, 'export const greet = (name: string) => console.log(`bye ${name}`);');
    expect(isStale(dir, 'services/shop')).to.equal(true);
  });

  it('the program of the sidecars is bundled into one script', async () => {
    const src = join(dir, 'mesh/proxy/src');
    mkdirSync(src, { recursive: true });
    writeFileSync(join(dir, 'package-lock.json'), '{}');
    writeFileSync(join(src, 'other.ts'), "export const name: string = 'sidecar';");
    writeFileSync(join(src, 'main.ts'), "import { name } from './other.ts';\nconsole.log(name);");

    expect(bundledFolders(dir)).to.deep.equal(['mesh/proxy']);
    await bundle(dir, 'mesh/proxy', root);
    expect(isStale(dir, 'mesh/proxy')).to.equal(false);
    const script = join(dir, 'mesh/proxy/dist/main.cjs');
    expect(execFileSync(process.execPath, [script], { encoding: 'utf8' })).to.equal('sidecar\n');
  });
});
