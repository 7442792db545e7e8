import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { expect } from 'chai';
import { skip } from '../../../tools/skip.ts';
import { TempDir } from '../../test/temp-dir.ts';
import {
  dataDirIn,
  packagedBinDir,
  preparePostgresHome,
  removeAbandoned,
} from './postgres-home.ts';

describe('home of PostgreSQL under root', function () {
  this.timeout(60_000);

  before(function () {
    if (process.getuid?.() !== 0) skip(this, 'the tests do not run as root');
  });

  it('has programs that the unprivileged user can run, wherever the checkout is', async () => {
    using closed = new TempDir(); // mkdtemp makes it 0700
    const native = dirname(packagedBinDir());
    await cp(dirname(native), closed.join('p'), { recursive: true, verbatimSymlinks: true });
    const home = await preparePostgresHome(closed.join('state'), closed.join('p', 'native', 'bin'));
    expect(home.binDir.startsWith(closed.path)).to.equal(false);
    expect(home.identity?.uid).to.be.greaterThan(0);
    const version = execFileSync(`${home.binDir}/postgres`, ['--version'], {
      ...home.identity,
      cwd: '/',
      encoding: 'utf8',
    });
    expect(version).to.include('(PostgreSQL) 18.');
    const again = await preparePostgresHome(
      closed.join('state'),
      closed.join('p', 'native', 'bin'),
    );
    expect(again).to.deep.equal(home);
    rmSync(dirname(home.dataDir), { recursive: true });
  });

  it('is found by its name alone, too, as earlier versions noted it', async () => {
    using dir = new TempDir();
    const { dataDir } = await preparePostgresHome(dir.path);
    writeFileSync(dir.join('location'), basename(dirname(dataDir)));
    expect(await dataDirIn(dir.path)).to.equal(dataDir);
    expect((await preparePostgresHome(dir.path)).dataDir).to.equal(dataDir);
    rmSync(dirname(dataDir), { recursive: true });
  });

  it('is removed once its state directory is gone, and not before', async () => {
    const dir = new TempDir();
    const { dataDir } = await preparePostgresHome(dir.path);
    await removeAbandoned();
    expect(existsSync(dataDir)).to.equal(true);
    dir[Symbol.dispose]();
    await removeAbandoned();
    expect(existsSync(dirname(dataDir))).to.equal(false);
  });
});
