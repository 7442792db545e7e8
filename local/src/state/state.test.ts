import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { clearDataDir, closeDataDir, findDataDir, openDataDir } from './data-dir.ts';
import { lockHolder, takeLock } from './lock.ts';

describe('state directory', () => {
  it('keeps its sockets where the path is short and only the owner may look', async () => {
    using dir = new TempDir();
    const deep = dir.join('x'.repeat(100), 'y'.repeat(100));
    const data = await openDataDir(deep);
    expect(Buffer.byteLength(data.controlSocket)).to.be.at.most(60);
    expect(statSync(data.runtimeDir).mode & 0o777).to.equal(0o700);
    expect((await findDataDir(deep))?.runtimeDir).to.equal(data.runtimeDir);
    await closeDataDir(data);
    expect(existsSync(data.runtimeDir)).to.equal(false);
  });

  it('takes another runtime folder when the name is occupied', async () => {
    using dir = new TempDir();
    const before = await openDataDir(dir.path);
    await rm(before.runtimeDir, { recursive: true });
    writeFileSync(before.runtimeDir, '');
    const after = await openDataDir(dir.path);
    expect(after.runtimeDir).not.to.equal(before.runtimeDir);
    await rm(before.runtimeDir);
    await closeDataDir(after);
  });

  it('is unknown before an engine used it', async () => {
    using dir = new TempDir();
    expect(await findDataDir(dir.path)).to.equal(undefined);
  });

  it('keeps the newest 20 logs of a service', async () => {
    using dir = new TempDir();
    const data = await openDataDir(dir.path);
    mkdirSync(`${data.logsDir}/orders`, { recursive: true });
    for (let n = 0; n < 30; n += 1) {
      const path = `${data.logsDir}/orders/${n}.log`;
      writeFileSync(path, '');
      utimesSync(path, n, n);
    }
    await clearDataDir(data);
    const kept = (await readdir(`${data.logsDir}/orders`)).map((name) => Number.parseInt(name, 10));
    expect(kept.toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 20 }, (_, n) => n + 10),
    );
    await closeDataDir(data);
  });
});

describe('engine lock', () => {
  it('is held by one process at a time', async () => {
    using dir = new TempDir();
    const release = takeLock(dir.join('lock'));
    expect(lockHolder(dir.join('lock'))).to.equal(process.pid);
    expect(() => takeLock(dir.join('lock'))).to.throw(`runs on this state directory already`);
    release();
    takeLock(dir.join('lock'))();
    expect(existsSync(dir.join('lock'))).to.equal(false);
    expect(await readdir(dir.path)).to.deep.equal([]);
  });

  it('is taken from a process that is no more, also when its id is used again', async () => {
    using dir = new TempDir();
    const path = dir.write('lock', `${process.pid} another boot:17\n`);
    expect(lockHolder(path)).to.equal(undefined);
    const release = takeLock(path);
    expect(await readFile(path, 'utf8')).to.match(new RegExp(`^${process.pid} (?!another)`));
    release();
  });
});
