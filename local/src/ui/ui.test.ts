import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { Progress } from './progress.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';

function open({ interactive, rows = 24 }: { interactive: boolean; rows?: number }) {
  const clock = new FakeClock();
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const terminal: Terminal = {
    interactive,
    columns: () => 100,
    rows: () => rows,
    out: write,
    err: write,
    paint: (_, text) => text,
  };
  return { clock, written, progress: new Progress({ terminal, clock, write }) };
}

describe('progress', () => {
  it('is one line per change where nobody watches', async () => {
    const { clock, written, progress } = open({ interactive: false });
    progress.show({ component: 'redis', state: 'Starting' });
    await clock.advance(1500);
    progress.show({ component: 'redis', state: 'Restarting', reason: 'signal SIGKILL\nmore' });
    expect(written.map((line) => line.trim().split(/  +/))).to.deep.equal([
      ['redis', 'Starting', '0.0 s'],
      ['redis', 'Restarting', '1.5 s', 'signal SIGKILL'],
    ]);
  });

  it('rewrites its lines in place on a terminal, until it has settled', () => {
    const { written, progress } = open({ interactive: true });
    progress.show({ component: 'redis', state: 'Starting' });
    progress.show({ component: 'orders', state: 'Starting' });
    progress.show({ component: 'redis', state: 'Ready' });
    const escape = '\u001B[';
    expect(written[0]?.startsWith(`${escape}2Kredis`)).to.equal(true);
    expect(written[1]?.startsWith(`${escape}1A${escape}2Korders`)).to.equal(true);
    expect(written[1]).to.include(`\n${escape}2Kredis`);
    expect(written[2]?.startsWith(`${escape}2A`)).to.equal(true);
    expect(written[2]).to.include('Ready');
    progress.settle();
    progress.show({ component: 'redis', state: 'Restarting' });
    expect(written[3]).to.match(/^redis +Restarting/);
  });

  it('does not rewrite more lines than the window has', () => {
    const { written, progress } = open({ interactive: true, rows: 2 });
    progress.show({ component: 'a', state: 'Starting' });
    progress.show({ component: 'b', state: 'Starting' });
    expect(written[1]).to.match(/^b +Starting/);
  });
});

describe('tables', () => {
  it('have columns as wide as their widest cell', () => {
    const text = formatTable([
      ['NAME', 'N'],
      ['a', '10'],
    ]);
    expect(text).to.equal('NAME  N\na     10\n');
  });
});
