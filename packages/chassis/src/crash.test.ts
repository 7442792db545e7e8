import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { crashPoint } from './crash.ts';

/** What a process said, and how it ended, that passes `one` and `two` three times each. */
async function run(spec: string): Promise<{ said: string; signal: NodeJS.Signals | null }> {
  const script = `
    import { writeSync } from 'node:fs';
    import { crashPoint } from ${JSON.stringify(new URL('crash.ts', import.meta.url).href)};
    const crash = crashPoint(process.argv[1]);
    for (let i = 1; i <= 3; i++) for (const name of ['one', 'two']) {
      writeSync(1, name + i + ' ');
      crash(name);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, spec], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  await once(child, 'close');
  return { said: said.join('').trim(), signal: child.signalCode };
}

describe('a crash point', () => {
  it('kills the process, without a last word, when it is first passed', async () => {
    expect(await run('two')).to.deep.equal({ said: 'one1 two1', signal: 'SIGKILL' });
  });

  it('kills the process when it is passed for the given time', async () => {
    expect(await run('one:3')).to.deep.equal({
      said: 'one1 two1 one2 two2 one3',
      signal: 'SIGKILL',
    });
  });

  it('lets the process live when it is another one', async () => {
    const { said, signal } = await run('three');
    expect([said.split(' ').length, signal]).to.deep.equal([6, null]);
  });

  it('is absent unless it is asked for', () => {
    expect(crashPoint(undefined)).to.equal(undefined);
    expect(crashPoint('')).to.equal(undefined);
  });

  it('is refused when it cannot be meant', () => {
    for (const spec of ['one:0', 'one:x', 'one:', ':2', 'one:1:2', 'one two']) {
      expect(() => crashPoint(spec), spec).to.throw('expected name or name:count');
    }
  });
});
