import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ContractReader } from './reader.ts';

/** Leaves a mark beside itself when it is run. */
const contract = `
  import { writeFileSync } from 'node:fs';
  writeFileSync(new URL('../ran', import.meta.url), '');
  export const look = { id: 'look', method: 'GET', path: '/things', replies: { 200: null } };
`;

describe('contracts of source trees', () => {
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'contracts '));
  });

  after(() => rm(dir, { recursive: true, force: true }));

  async function tree(name: string, text: string): Promise<string> {
    const folder = join(dir, name, 'packages/contracts/src');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'things.ts'), text);
    return join(dir, name);
  }

  const hasRun = (path: string) => existsSync(join(path, 'packages/contracts/ran'));

  it('are described once for the same content, wherever it is', async () => {
    const [first, same] = [await tree('first', contract), await tree('same', contract)];
    const reader = new ContractReader();
    const told = await reader.read(first);
    expect(Object.keys(told['things']?.operations ?? {})).to.deep.equal(['look']);
    expect(await reader.read(same)).to.equal(told);
    expect([hasRun(first), hasRun(same)]).to.deep.equal([true, false]);
  });

  it('are described anew where one of them differs', async () => {
    const reader = new ContractReader();
    await reader.read(await tree('before', contract));
    const after = await reader.read(await tree('after', contract.replace('/things', '/wares')));
    expect(after['things']?.operations['look']?.path).to.equal('/wares');
  });

  it('are told of when they cannot be read, each time', async () => {
    const broken = await tree('broken', "throw new Error('half a contract')");
    const reader = new ContractReader();
    for (let times = 0; times < 2; times++) {
      const failure = await reader.read(broken).catch((error: Error) => error.message);
      expect(failure).to.include('half a contract');
    }
  });

  it('are none where there are none', async () => {
    expect(await new ContractReader().read(dir)).to.deep.equal({});
  });
});
