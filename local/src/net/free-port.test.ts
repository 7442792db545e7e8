import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { freePort, isFree } from './free-port.ts';

const module = new URL('./free-port.ts', import.meta.url).href;

/** Ports that another process finds while this one lives. */
async function portsOfAnother(count: number): Promise<number[]> {
  const script = `const { freePort } = await import(${JSON.stringify(module)});
    const ports = [];
    for (let i = 0; i < ${count}; i += 1) ports.push(await freePort());
    console.log(JSON.stringify(ports));`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

describe('freePort', () => {
  it('finds no port twice, whoever asks at the same time', async () => {
    const taken = new Set<number>();
    const ports = await Promise.all(Array.from({ length: 100 }, () => freePort(taken)));
    expect(new Set(ports).size).to.equal(100);
    expect([...taken].toSorted()).to.deep.equal(ports.toSorted());
  });

  it('leaves out what is listened on', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port + 1, '127.0.0.1', resolve));
    expect(await isFree(port + 1)).to.equal(false);
    expect(await freePort()).to.not.equal(port + 1);
    await new Promise((resolve) => server.close(resolve));
  });

  it('finds others than a process beside it, though nobody listens on them yet', async () => {
    const own = await Promise.all(Array.from({ length: 390 }, () => freePort()));
    const many = await Promise.all(Array.from({ length: 6 }, () => portsOfAnother(60)));
    const all = [...own, ...many.flat()];
    expect(new Set(many[0]).size).to.equal(60);
    expect(all.filter((port) => own.includes(port))).to.have.length(390);
  });
});
