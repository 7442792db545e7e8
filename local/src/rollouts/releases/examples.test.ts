import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { ContractReader } from '../contracts/reader.ts';
import { checkContracts, ReleaseRefused } from './checks.ts';
import { run } from './run.ts';
import { applyPatch, takeSource } from './source.ts';
import { linkPackages, nearestModules } from './tree.ts';

const root = resolve(import.meta.dirname, '../../../..');
const examples = join(root, 'examples/releases');
const service = 'catalog';

describe('the releases to try', function () {
  this.timeout(120_000);
  let dir: string;
  let names: string[];
  const treeOf = (name: string) => join(dir, name);
  const readMe = () => readFile(join(examples, 'README.md'), 'utf8');

  before(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'releases ')));
    const files = await readdir(examples);
    names = files.filter((name) => name.endsWith('.patch')).map((name) => name.slice(0, -6));
  });

  after(() => rm(dir, { recursive: true, force: true }));

  it('each have a good one beside the bad one, and are in the table', async () => {
    const bad = names.filter((name) => name.endsWith('.bad'));
    expect(bad).to.have.length(8);
    expect(names).to.include.members(bad.map((name) => name.replace('.bad', '.good')));
    const text = await readMe();
    for (const name of names) expect(text).to.include(`\`${name}\``);
  });

  it('apply to the code as it is', async () => {
    for (const name of names) {
      const tree = treeOf(name);
      const workspaces = await takeSource(tree, {
        root,
        service,
        source: { kind: 'working-tree' },
      });
      await applyPatch(tree, {
        patch: await readFile(join(examples, `${name}.patch`), 'utf8'),
        workspaces,
      });
      await linkPackages(tree, { root, workspaces });
    }
  });

  it('typecheck, the bad ones too', async () => {
    const include = names.map((name) => `${name}/services/${service}/src`);
    const exclude = ['**/node_modules', '**/*.test.ts'];
    const compilerOptions = { typeRoots: [join(nearestModules(root), '@types')] };
    const options = { extends: join(root, 'tsconfig.json'), compilerOptions, include, exclude };
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(options));
    const compiler = join(nearestModules(root), '.bin/tsc');
    const { output } = await run(compiler, ['--noEmit', '--checkers', '1', '-p', dir], {
      cwd: dir,
    });
    expect(output).to.equal('');
  });

  it('are told from each other by the contracts where events are concerned', async () => {
    const inventory = { service: 'inventory', version: '1.0.0', tree: root };
    const reader = new ContractReader();
    const check = (name: string) =>
      checkContracts(
        { service, version: name, tree: treeOf(name) },
        { running: [inventory], reader },
      );
    await check('event.good');
    const refusal = await check('event.bad').catch((error: unknown) => error);
    if (!(refusal instanceof ReleaseRefused)) throw new Error('it was not refused');
    expect(refusal.message).to.include('inventory 1.0.0').and.include('event product.created');
  });
});
