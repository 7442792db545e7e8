import { rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { hasRoom, makeTempFolder } from './temp-folder.ts';

describe('the folder for what tests write', () => {
  it('is there, empty, and another one each time', () => {
    const folders = [makeTempFolder(undefined), makeTempFolder(undefined)];
    try {
      expect(new Set(folders).size).to.equal(2);
      for (const folder of folders) expect(statSync(folder).isDirectory()).to.equal(true);
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true });
    }
  });

  it('is where somebody has chosen', async () => {
    const chosen = await mkdtemp(join(tmpdir(), 'chosen '));
    try {
      expect(dirname(makeTempFolder(chosen))).to.equal(chosen);
    } finally {
      await rm(chosen, { recursive: true });
    }
  });

  it('is not where there is too little room, or nothing', () => {
    expect(hasRoom(tmpdir(), 1)).to.equal(true);
    expect(hasRoom(tmpdir(), Number.MAX_SAFE_INTEGER)).to.equal(false);
    expect(hasRoom('/there/is/no/such/folder', 1)).to.equal(false);
  });
});
