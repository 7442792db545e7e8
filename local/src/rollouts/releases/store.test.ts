import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { compilesAnew, startProcess } from '@faultline/chassis/testing/process';
import { expect } from 'chai';
import { ReleaseRefused } from './checks.ts';
import { run } from './run.ts';
import { parseSource } from './source.ts';
import { ReleaseStore, type ReleaseRequest, type StoredRelease } from './store.ts';

const root = resolve(import.meta.dirname, '../../../..');

/** Changes the words on every page. */
const patch = `--- a/services/storefront/src/views/layout.ts
+++ b/services/storefront/src/views/layout.ts
@@ -1,2 +1,3 @@
+// A release of its own.
 import type { Category } from '@faultline/contracts/catalog';
 import { html } from 'htm/preact';
`;

describe('releases', function () {
  this.timeout(120_000);
  let dir: string;
  let clock: FakeClock;
  let store: ReleaseStore;

  beforeEach(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'releases ')));
    clock = new FakeClock();
    store = new ReleaseStore({ root, dir, clock });
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  function create(changes: Partial<ReleaseRequest> = {}): Promise<StoredRelease> {
    return store.create({
      service: 'storefront',
      source: { kind: 'working-tree' },
      baseVersion: '1.0.0',
      running: [],
      skip: ['typecheck', 'tests', 'contracts'],
      ...changes,
    });
  }

  it('hold a service and what it links, and nothing of other services', async () => {
    const { release, tree } = await create();
    expect(release).to.deep.include({
      service: 'storefront',
      source: { kind: 'working-tree' },
      created_at: '2026-01-01T00:00:00.000Z',
      patch: null,
      skipped: ['typecheck', 'tests', 'contracts'],
    });
    expect(release.version).to.equal(`1.0.0-${release.content_hash.slice(0, 8)}`);
    expect(await readdir(join(tree, 'services'))).to.deep.equal(['storefront']);
    expect(await readdir(join(tree, 'packages'))).to.have.members(['chassis', 'contracts']);
    expect(release.workspaces.map(({ name }) => name)).to.have.members([
      '@faultline/storefront',
      '@faultline/chassis',
      '@faultline/contracts',
      '@faultline/telemetry',
    ]);
  });

  it('are run from their own code, whatever becomes of the working tree', async () => {
    const { tree } = await create();
    const service = join(tree, 'services/storefront');
    const mark = '\nexport const markOfTheRelease = 42;\n';
    await writeFile(join(tree, 'packages/chassis/src/ids.ts'), mark, { flag: 'a' });
    const script = `
      const { markOfTheRelease } = await import('@faultline/chassis/ids');
      console.log(markOfTheRelease, import.meta.resolve('@faultline/contracts/orders'));`;
    const { output } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: service,
    });
    expect(output).to.include('42 ').and.include('/packages/contracts/src/orders.ts');
    expect(output.replaceAll('%20', ' ')).to.include(tree);
  });

  it('boot as the service they are of', async () => {
    const changed = patch.replace('// A release', '/* A release').replace('own.', 'own. */');
    const { tree, release } = await create({ patch: { name: 'words.patch', text: changed } });
    expect(release.patch).to.equal('words.patch');
    const process = await startProcess({
      dir: join(tree, 'services/storefront'),
      args: ['--import', '@faultline/telemetry/start', 'src/main.ts'],
      env: {
        ...compilesAnew,
        SERVICE_NAME: 'storefront',
        SERVICE_VERSION: release.version,
        POD_NAME: 'storefront-1',
        POD_NAMESPACE: 'default',
        OTEL_SDK_DISABLED: 'true',
      },
    });
    try {
      const page = await fetch(`${process.http}/sign-in`);
      expect(page.headers.get('x-service-version')).to.equal(release.version);
      expect(await page.text()).to.include('Sign in');
      // What browsers load is built for each release.
      expect(await readdir(join(tree, 'services/storefront/dist'))).to.include('listing.js');
    } finally {
      await process.stop();
    }
  });

  it('are the same when their content is, and another one when it is not', async () => {
    const first = await create();
    await clock.advance(60_000);
    expect((await create()).release).to.deep.equal(first.release);
    const second = await create({ patch: { name: 'p', text: patch } });
    expect(second.release.version).not.to.equal(first.release.version);
    const third = await create({ env: { LOG_LEVEL: 'debug' } });
    expect(third.release.env).to.deep.equal({ LOG_LEVEL: 'debug' });
    const versions = (await store.list('storefront')).map(({ version }) => version);
    expect(new Set(versions).size).to.equal(3);
    expect(versions[2]).to.equal(first.release.version);
    const failure = await create({
      version: first.release.version,
      patch: { name: 'p', text: patch },
    }).catch(String);
    expect(failure).to.include('choose a new one');
  });

  it('say what has changed since the version before', async () => {
    const first = await create();
    const { version } = first.release;
    // As the one that runs from the working tree does.
    const running = [{ service: 'storefront', version, tree: root }];
    const second = await create({ after: version, running, patch: { name: 'p', text: patch } });
    expect(second.release.diff).to.deep.equal({
      against: version,
      files: [{ path: 'services/storefront/src/views/layout.ts', added: 1, removed: 0 }],
    });
    const text = await store.diff('storefront', version, second.release.version);
    expect(text).to.include('+// A release of its own.');
    expect(text).to.include('--- a/services/storefront/src/views/layout.ts');
    expect(text.match(/^diff --git/gm)).to.have.length(1);
  });

  it('are taken from another folder, or from what git knows', async () => {
    const other = join(dir, 'other storefront');
    const { tree } = await create();
    await run('cp', ['-r', join(tree, 'services/storefront'), other], { cwd: dir });
    await writeFile(join(other, 'src/config.ts'), '\n// Elsewhere.\n', { flag: 'a' });
    const fromFolder = await create({ source: parseSource(other) });
    const config = join(fromFolder.tree, 'services/storefront/src/config.ts');
    expect(await readFile(config, 'utf8')).to.include('// Elsewhere.');
    const empty = join(dir, 'nothing');
    await mkdir(empty);
    const failure = await create({ source: { kind: 'folder', path: empty } }).catch(String);
    expect(failure).to.include('expected a checkout with services/storefront');
  });

  it('are taken from what git knows', async function () {
    if ((await run('git', ['rev-parse', 'HEAD'], { cwd: root })).code !== 0) this.skip();
    const { release, tree } = await create({ source: parseSource('HEAD') });
    expect(release.source).to.deep.equal({ kind: 'git', ref: 'HEAD' });
    const { output } = await run('git', ['show', 'HEAD:services/storefront/src/app.ts'], {
      cwd: root,
    });
    expect(await readFile(join(tree, 'services/storefront/src/app.ts'), 'utf8')).to.equal(output);
    const failure = await create({ source: parseSource('no-such-ref') }).catch(String);
    expect(failure).to.include('no-such-ref');
  });

  it('refuse patches that do not fit, or that reach into other services', async () => {
    const away = patch.replaceAll('services/storefront', 'services/orders');
    const stale = patch.replace('import type', 'import stale');
    for (const [text, reason] of [
      [away, 'services/orders/src/views/layout.ts is in none of'],
      [stale, 'patch does not apply'],
      ['no patch', 'it changes no file'],
    ] as const) {
      const failure = await create({ patch: { name: 'p', text } }).catch(String);
      expect(failure).to.include(reason);
    }
    expect((await readdir(dir)).filter((name) => name.startsWith('.new'))).to.deep.equal([]);
  });

  it('refuse code that does not typecheck', async () => {
    const wrong = patch.replace('// A release of its own.', 'export const wrong: number = "one";');
    const failure = await create({
      patch: { name: 'p', text: wrong },
      skip: ['tests', 'contracts'],
    }).catch((error: unknown) => error);
    if (!(failure instanceof ReleaseRefused)) throw failure;
    expect(failure.check).to.equal('typecheck');
    expect(failure.message)
      .to.include('storefront does not typecheck')
      .and.include('layout.ts(1,14)');
  });

  it('refuse contracts that somebody who runs cannot live with', async () => {
    const first = await create({ service: 'orders' });
    const file = join(first.tree, 'packages/contracts/src/orders.ts');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('  total: money,\n  shipping', '  sum: money,\n  shipping'));
    const running = [{ service: 'orders', version: '1.0.0', tree: root }];
    const request = { service: 'orders', skip: ['typecheck', 'tests'], running } as const;
    const failure = await create({
      ...request,
      skip: [...request.skip],
      source: { kind: 'folder', path: first.tree },
    }).catch(String);
    expect(failure).to.include('clients of the public API: getOrder, reply 200');
    expect(failure).to.include("'total' is missing, expected always");
    expect(await create({ ...request, skip: [...request.skip] })).to.have.property('tree');
  });
});
