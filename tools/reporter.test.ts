import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from './config.ts';

const skipModule = JSON.stringify(join(root, 'tools/skip.ts'));

describe('the report of a test run', () => {
  let dir: string;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'report-'));
  });
  after(() => rmSync(dir, { recursive: true }));

  function report(source: string) {
    const file = join(dir, 'sample.test.mts');
    writeFileSync(file, source);
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/mocha/bin/mocha.js'),
        ...['--no-config', '--exit', '--timeout=2000'],
        `--reporter=${join(root, 'tools/reporter.ts')}`,
        file,
      ],
      { encoding: 'utf8', cwd: root },
    );
    const lines = stdout.trimEnd().split('\n');
    return { text: stdout, lines, last: lines.at(-1), status };
  }

  it('is one line per file and the totals when all is well', () => {
    const { lines, last, status } = report("it('a', () => {}); it('b', () => {});");
    expect(status).to.equal(0);
    expect(lines).to.have.lengthOf(3);
    expect(lines[0]).to.match(/^✔ +[\d.]+ s .*sample\.test\.mts {2}2 passed, 0 failed$/);
    expect(last).to.equal('2 passed, 0 failed');
  });

  it('shows a failure with its cause', () => {
    const { text, last, status } = report(
      "it('breaks', () => { throw new Error('outer', { cause: new Error('inner') }); });",
    );
    expect(status).to.equal(1);
    expect(text).to.include('✘ breaks').and.include('Error: outer').and.include('Error: inner');
    expect(last).to.equal('0 passed, 1 failed');
  });

  it('counts a rejection that nobody handles', () => {
    const { text, last, status } = report(
      "it('forgets', async () => { void Promise.reject(new Error('lost')); await new Promise(setImmediate); });",
    );
    expect(status).to.equal(1);
    expect(text).to.include('Unhandled rejection during: forgets').and.include('Error: lost');
    expect(last).to.equal('1 passed, 1 failed');
  });

  it('counts the tests that a failing hook kept from running', () => {
    const { last } = report(
      "before(() => { throw new Error('no'); }); it('a', () => {}); it('b', () => {});",
    );
    expect(last).to.match(/^0 passed, \d failed$/);
  });

  it('lists skipped tests under their reason', () => {
    const { text, last, status } = report(
      `import { skip } from ${skipModule};
       describe('group', () => {
         before(function () { skip(this, 'no browser here'); });
         it('one', () => {}); it('two', () => {});
       });
       it.skip('other', () => {});`,
    );
    expect(status).to.equal(0);
    expect(text).to.match(/Skipped: no browser here\n {2}group › one\n {2}group › two\n/);
    expect(text).to.match(/Skipped: no reason given\n {2}other\n/);
    expect(last).to.equal('0 passed, 0 failed, 3 skipped');
  });

  it('names what a file left open, and ends all the same', () => {
    const { text, status } = report(
      `import { createServer } from 'node:net';
       it('leaks', (done) => { setInterval(() => {}, 1000); createServer().listen(0, done); });`,
    );
    expect(status).to.equal(0);
    expect(text).to.match(/Left open:\n.*Server \{.*"port":\d+.* of .*sample\.test\.mts/);
    expect(text).to.match(/1 timer\(s\), first seen after .*sample\.test\.mts/);
  });
});
