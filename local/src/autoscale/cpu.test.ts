import { expect } from 'chai';
import { parsePs, parseStat, readProcessTimes, treeSeconds } from './cpu.ts';

describe('processor time', () => {
  it('is read from Linux’ /proc, whatever the command is called', () => {
    const text = '42 (a) b) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 20 30 20 0 1 0 9 0';
    expect(parseStat(text)).to.deep.equal({ parent: 7, seconds: 2.5 });
    expect(parseStat('')).to.equal(undefined);
  });

  it('is read from ps elsewhere', () => {
    const times = parsePs('  1     0  1-01:00:02\n 42     1   1:30.25\n');
    expect(times.get(1)).to.deep.equal({ parent: 0, seconds: 90_002 });
    expect(times.get(42)).to.deep.equal({ parent: 1, seconds: 90.25 });
  });

  it('of a process is its own and that of all below it', () => {
    const times = parsePs('1 0 0:01\n2 1 0:02\n3 2 0:04\n4 0 0:08');
    expect(treeSeconds(times, 1)).to.equal(7);
    expect(treeSeconds(times, 9)).to.equal(undefined);
  });

  it('of this process grows while it works', async () => {
    const before = treeSeconds(await readProcessTimes(), process.pid) ?? 0;
    const used = process.cpuUsage();
    while (process.cpuUsage(used).user < 60_000) Math.sqrt(used.user);
    const after = treeSeconds(await readProcessTimes(), process.pid) ?? 0;
    expect(after - before).to.be.within(0.04, 60);
  });
});
