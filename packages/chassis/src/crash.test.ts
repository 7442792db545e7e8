import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { crashPoint } from './crash.ts';

/** What a process said, and how it ended, that passes `one`, `two` and `three`. */
async function run(
  ...args: [names: string] | [names: string, reportFile: string]
): Promise<{ said: string; signal: NodeJS.Signals | null }> {
  const script = `
    import { writeSync } from 'node:fs';
    import { crashPoint } from ${JSON.stringify(new URL('crash.ts', import.meta.url).href)};
    const [, names, reportFile] = process.argv;
    const crash = crashPoint(names, reportFile);
    for (const name of ['one', 'two', 'three']) {
      writeSync(1, name + ' ');
      crash(name);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  await once(child, 'close');
  return { said: said.join('').trim(), signal: child.signalCode };
}

describe('a crash point', () => {
  it('kills the process, without a last word, when it is passed', async () => {
    expect(await run('two')).to.deep.equal({ said: 'one two', signal: 'SIGKILL' });
  });

  it('kills the process at the first that it passes, and reports which one it was', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'crash point '));
    try {
      const report = join(dir, 'passed');
      expect(await run('three,two', report)).to.deep.equal({ said: 'one two', signal: 'SIGKILL' });
      await run('three', report);
      expect(await readFile(report, 'utf8')).to.equal('two\nthree\n');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('lets the process live when it is another one', async () => {
    expect(await run('four')).to.deep.equal({ said: 'one two three', signal: null });
  });

  it('is absent unless it is asked for', () => {
    expect(crashPoint(undefined)).to.equal(undefined);
    expect(crashPoint('')).to.equal(undefined);
  });

  it('is refused when it cannot be meant', () => {
    for (const names of ['one:2', 'one,', ',', 'one, two', 'one two']) {
      expect(() => crashPoint(names), names).to.throw('expected names, separated by commas');
    }
  });
});
