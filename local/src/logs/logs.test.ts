import { appendFileSync, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { eventually } from '../../test/eventually.ts';
import { TempDir } from '../../test/temp-dir.ts';
import { followFiles } from './follow.ts';
import { mergeLogs } from './merge.ts';
import { prettyLine } from './pretty.ts';
import { lastLines } from './tail.ts';
import { LogWriter } from './writer.ts';

const plain = (_: string, text: string) => text;

describe('log files', () => {
  it('hold what the process writes', async () => {
    using dir = new TempDir();
    const log = new LogWriter(dir.join('deep', 'a.log'));
    log.follow(Readable.from([Buffer.from('one\n'), Buffer.from('two\n')]));
    await eventually('both lines', () => readFileSync(log.path, 'utf8') === 'one\ntwo\n');
    await log.close();
  });

  it('never grow beyond three times their limit', async () => {
    using dir = new TempDir();
    const log = new LogWriter(dir.join('a.log'), { maxBytes: 1000 });
    for (let line = 0; line < 100; line += 1) log.write(`${'x'.repeat(98)}${line % 10}\n`);
    await log.close();
    const sizes = ['', '.1', '.2'].map((end) => statSync(log.path + end).size);
    expect(Math.max(...sizes)).to.be.at.most(1100);
    expect(existsSync(`${log.path}.3`)).to.equal(false);
  });

  it('are read from their end', async () => {
    using dir = new TempDir();
    const path = dir.write(
      'a.log',
      Array.from({ length: 50_000 }, (_, n) => `line ${n}\n`).join(''),
    );
    expect(await lastLines(path, 2)).to.deep.equal(['line 49998', 'line 49999']);
    expect(await lastLines(path, 0)).to.deep.equal([]);
    expect(await lastLines(dir.join('none'), 5)).to.deep.equal([]);
  });

  it('of several instances become one by the time in each line', () => {
    const merged = mergeLogs([
      { instance: 'a', lines: ['{"time":1000000000001}', 'at stack', '{"time":1000000000004}'] },
      { instance: 'b', lines: ['{"time":"2001-09-09T01:46:40.002Z"}'] },
    ]);
    expect(merged.map(({ text }) => text.slice(-6, -1) || text)).to.have.length(4);
    expect(merged.map(({ instance }) => instance).join('')).to.equal('aaba');
  });

  it('are followed through rotation, new files included', async () => {
    using dir = new TempDir();
    const path = dir.write('a.log', 'old\n');
    const lines: string[] = [];
    const stop = new AbortController();
    let known = [path];
    const done = followFiles({
      list: () => Promise.resolve(known),
      onLine: (_, text) => lines.push(text),
      clock: systemClock,
      signal: stop.signal,
    });
    await eventually('the first look', async () => {
      appendFileSync(path, 'tick\n');
      return lines.length > 0;
    });
    appendFileSync(path, 'whole\nhal');
    await eventually('the whole line', () => lines.includes('whole'));
    expect(lines).not.to.include('old');
    appendFileSync(path, 'f\n');
    await eventually('the completed line', () => lines.includes('half'));
    renameSync(path, `${path}.1`);
    dir.write('a.log', 'rotated\n');
    known = [path, dir.write('b.log', 'other\n')];
    await eventually('the new files', () => lines.includes('rotated') && lines.includes('other'));
    stop.abort();
    await done;
  });

  it('are shown with time, level, message, cause and trace to people', () => {
    const record = { level: 50, time: 0, msg: 'no', trace_id: 'abc', err: { message: 'broken' } };
    expect(prettyLine(JSON.stringify(record), plain)).to.equal(
      '00:00:00.000 ERROR no broken trace=abc',
    );
    expect(prettyLine('plain text', plain)).to.equal('plain text');
    expect(prettyLine('{"half', plain)).to.equal('{"half');
  });
});
