import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { closingLine } from './run-state.ts';
import { combine, supervise } from './supervise.ts';

const report = (state: object) =>
  `process.send(${JSON.stringify({ current: 'a › b', passed: 2, failed: 0, skipped: 0, failures: [], finished: false, ...state })});`;

describe('the supervisor of a test run', () => {
  let tempDir: string;

  before(() => {
    tempDir = mkdtempSync(join(tmpdir(), 'supervise-'));
  });
  after(() => rmSync(tempDir, { recursive: true }));

  async function run(program: string, limits: { idleMs?: number; totalMs?: number } = {}) {
    const file = join(tempDir, 'run.mjs');
    writeFileSync(file, program);
    return supervise({
      command: process.execPath,
      args: [file],
      cwd: tempDir,
      env: { TMPDIR: tempDir },
      idleMs: 10_000,
      totalMs: 20_000,
      ...limits,
    });
  }

  it('answers with the totals of the run', async () => {
    const outcome = await run(report({ passed: 3, failed: 1, skipped: 2, finished: true }));
    expect(outcome).to.deep.equal({ passed: 3, failed: 1, skipped: 2, failures: [] });
  });

  it('ends a run that hangs and says where', async () => {
    const { failed, problem } = await run(`${report({})} setInterval(() => {}, 1000);`, {
      idleMs: 2_000,
    });
    expect(failed).to.equal(1);
    expect(problem).to.include('Nothing happened for 2 s').and.include('a › b');
  });

  it('ends a run that takes too long although it goes on', async () => {
    const { problem } = await run(`setInterval(() => { ${report({})} }, 20);`, { totalMs: 3_000 });
    expect(problem).to.include('3 s are over');
  });

  it('counts a run that breaks off as a failure', async () => {
    const { passed, failed, problem } = await run(`${report({})} process.exitCode = 7;`);
    expect([passed, failed]).to.deep.equal([2, 1]);
    expect(problem).to.include('code 7').and.include('a › b');
  });

  it('counts a run without tests as a failure', async () => {
    const nothing = await run(report({ passed: 0, finished: true }));
    const { failed, problem } = combine([nothing, nothing]);
    expect(failed).to.equal(1);
    expect(problem).to.equal('No test was found');
  });

  it('adds up what runs side by side', () => {
    const one = { passed: 2, failed: 1, skipped: 0, failures: ['a'] };
    const other = { passed: 3, failed: 1, skipped: 1, failures: [], problem: 'broke off' };
    const nothing = { passed: 0, failed: 0, skipped: 0, failures: [] };
    expect(combine([one, other, nothing])).to.deep.equal({
      passed: 5,
      failed: 2,
      skipped: 1,
      failures: ['a'],
      problem: 'broke off',
    });
  });

  it('counts a run that passes and then fails to end well as a failure', async () => {
    const { failed, problem } = await run(`${report({ finished: true })} process.exitCode = 1;`);
    expect(failed).to.equal(1);
    expect(problem).to.include('ended with code 1');
  });
});

describe('the closing line', () => {
  it('names skipped tests where there are any', () => {
    expect(closingLine({ passed: 2, failed: 0, skipped: 0 })).to.equal('2 passed, 0 failed');
    expect(closingLine({ passed: 2, failed: 1, skipped: 3 })).to.equal(
      '2 passed, 1 failed, 3 skipped',
    );
  });
});
