import { readFileSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { TargetsFile, targetsPath } from './targets-file.ts';

const group = (port: number) => ({ targets: [`127.0.0.1:${port}`], labels: {} });

describe('TargetsFile', () => {
  it('ends with the last of many lists, whole, and leaves nothing else', async () => {
    using dir = new TempDir();
    const file = new TargetsFile(dir.join('prometheus'));
    await Promise.all(Array.from({ length: 50 }, (_, port) => file.write([group(port)])));
    const path = targetsPath(dir.join('prometheus'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal([group(49)]);
    expect(readdirSync(dir.join('prometheus'))).to.deep.equal(['targets.json']);
  });

  it('tells of a list that cannot be written, each time', async () => {
    using dir = new TempDir();
    const file = new TargetsFile(dir.join('a\0b'));
    for (const port of [1, 2]) {
      expect(await file.write([group(port)]).catch(String)).to.include('null bytes');
    }
  });
});
