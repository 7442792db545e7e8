import { mkdir, rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { EngineError } from '../engine-error.ts';
import { Deployed } from './deployed.ts';

describe('what is deployed', () => {
  it('is kept again once it can be', async () => {
    using dir = new TempDir();
    const path = dir.join('rollouts', 'deployed.json');
    const deployed = new Deployed(path);
    // In the place where it is written first.
    await mkdir(`${path}.new`, { recursive: true });
    expect(await deployed.set('web', { serving: 'v1' }).catch(String)).to.include('EISDIR');
    await rm(`${path}.new`, { recursive: true });
    await deployed.set('web', { target: 'v2' });
    const read = new Deployed(path);
    await read.read();
    expect(read.of('web')).to.deep.equal({ serving: 'v1', target: 'v2' });
  });

  it('is told of with a way out where the file is damaged', async () => {
    using dir = new TempDir();
    const path = dir.join('deployed.json');
    await writeFile(path, '{"web":');
    const failure = await new Deployed(path).read().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(EngineError);
    expect(String(failure)).to.include(path).and.include('remove it');
  });
});
