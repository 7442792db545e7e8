import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { ReleaseRefused, runTests } from './checks.ts';

const root = resolve(import.meta.dirname, '../../../..');

describe('a service’s own tests', function () {
  this.timeout(60_000);
  let tree: string;

  before(async () => {
    tree = await mkdtemp(join(tmpdir(), 'release tests '));
    for (const [service, body] of [
      ['sound', ''],
      ['broken', "throw new Error('the price is wrong')"],
    ] as const) {
      const folder = join(tree, 'services', service, 'src');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'it.test.ts'), `it('adds up', () => { ${body} });\n`);
    }
  });

  after(() => rm(tree, { recursive: true, force: true }));

  it('let a release pass when they do', async () => {
    await runTests({ tree, root, service: 'sound' });
  });

  it('hold it back when they do not, and say which', async () => {
    const failure = await runTests({ tree, root, service: 'broken' }).catch(
      (error: unknown) => error,
    );
    if (!(failure instanceof ReleaseRefused)) throw failure;
    expect(failure.check).to.equal('tests');
    expect(failure.message).to.include('broken’s own tests fail').and.include('the price is wrong');
  });

  it('are part of it: without any it is held back', async () => {
    const failure = await runTests({ tree, root, service: 'untested' }).catch(String);
    expect(failure).to.include('own tests fail');
  });
});
