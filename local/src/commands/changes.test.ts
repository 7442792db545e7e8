import { once } from 'node:events';
import { mkdirSync, renameSync, watch, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { Changes } from './changes.ts';

describe('changes of a folder', () => {
  let dir: TempDir;
  let changes: Changes;
  beforeEach(() => {
    dir = new TempDir();
    mkdirSync(dir.join('src'));
    writeFileSync(dir.join('src/main.ts'), '0');
    changes = new Changes([dir.path]);
  });
  afterEach(() => {
    changes.stop();
    dir[Symbol.dispose]();
  });

  it('are seen each time an editor puts a new file in place of the old', async () => {
    for (const text of ['1', '2', '3']) {
      const seen = changes.next();
      writeFileSync(dir.join('src/main.ts~'), text);
      renameSync(dir.join('src/main.ts~'), dir.join('src/main.ts'));
      expect(await seen).to.equal(true);
    }
  });

  it('are seen in folders that come later', async () => {
    const folder = changes.next();
    mkdirSync(dir.join('src/routes'));
    expect(await folder).to.equal(true);
    const file = changes.next();
    writeFileSync(dir.join('src/routes/new.ts'), '1');
    expect(await file).to.equal(true);
  });

  it('are seen in a folder that takes the place of another', async () => {
    using elsewhere = new TempDir();
    mkdirSync(elsewhere.join('new'));
    const replaced = changes.next();
    renameSync(dir.join('src'), elsewhere.join('old'));
    renameSync(elsewhere.join('new'), dir.join('src'));
    expect(await replaced).to.equal(true);
    const file = changes.next();
    writeFileSync(dir.join('src/main.ts'), '1');
    expect(await file).to.equal(true);
  });

  it('are seen after a folder became something that cannot be watched', async () => {
    using elsewhere = new TempDir();
    const gone = changes.next();
    renameSync(dir.join('src'), elsewhere.join('old'));
    writeFileSync(dir.join('src'), 'no folder');
    expect(await gone).to.equal(true);
    const file = changes.next();
    writeFileSync(dir.join('package.json'), '1');
    expect(await file).to.equal(true);
  });

  it('fail with the remedy when the system lets no more folders be watched', async () => {
    const limited = new Changes([dir.path], () => {
      throw Object.assign(new Error('System limit for number of file watchers reached'), {
        code: 'ENOSPC',
      });
    });
    const error = await limited.next().catch((thrown: unknown) => thrown);
    expect(String(error)).to.include('sudo sysctl fs.inotify.max_user_watches=');
  });

  it('of tests and of what is installed are none', async () => {
    const seen = changes.next();
    const watcher = watch(dir.join('src'));
    const told = once(watcher, 'change');
    mkdirSync(dir.join('node_modules'));
    writeFileSync(dir.join('src/main.test.ts'), '1');
    await told;
    watcher.close();
    changes.stop();
    expect(await seen).to.equal(false);
  });
});
