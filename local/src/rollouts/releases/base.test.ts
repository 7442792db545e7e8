import { mkdir, readdir, symlink } from 'node:fs/promises';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { TempDir } from '../../../test/temp-dir.ts';
import { recordBase } from './base.ts';

describe('the trees of releases', () => {
  it('are removed when no release leads to them, and when they never became one', async () => {
    using dir = new TempDir();
    dir.write('.base-kept/file', '');
    dir.write('.base-left/file', '');
    dir.write('.new-killed/tree/file', '');
    await mkdir(dir.join('web', '1.0.0'), { recursive: true });
    await symlink('../../.base-kept', dir.join('web', '1.0.0', 'tree'));
    await recordBase({ root: dir.path, dir: dir.path, clock: new FakeClock(), services: [] });
    expect(await readdir(dir.path)).to.have.members(['.base-kept', 'web']);
  });
});
