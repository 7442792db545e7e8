import { expect } from 'chai';
import { familyOf } from './processes.ts';
import { formatReport, median, type Start, summarise } from './report.ts';

const budget = { firstPageMs: 10_000, memoryMb: 1_300 };

function start(firstPageMs: number, mb: number): Start {
  return {
    readyMs: firstPageMs - 100,
    firstPageMs,
    picturesMs: firstPageMs + 5_000,
    components: [
      { name: 'engine', group: 'engine', processes: 2, mb },
      { name: 'prometheus', group: 'prometheus', processes: 1, mb: 5_000 },
    ],
  };
}

const summary = (...starts: Start[]) =>
  summarise(
    starts.map((cold) => ({ cold, warm: cold })),
    { memory: 'pss', budget },
  );

describe('the start benchmark', () => {
  it('takes medians, so that one slow run does not count', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
    expect(median([7])).to.equal(7);
    const { cold } = summary(start(5_000, 900), start(60_000, 9_000), start(6_000, 1_000));
    expect(cold).to.include({ readyMs: 5_900, firstPageMs: 6_000, totalMb: 1_000 });
  });

  it('breaks the budget by time or by memory, Prometheus not counted', () => {
    expect(summary(start(10_000, 1_300)).budget.kept).to.equal(true);
    expect(summary(start(10_001, 1_300)).budget.kept).to.equal(false);
    expect(summary(start(10_000, 1_301)).budget.kept).to.equal(false);
  });

  it('prints a table', () => {
    const text = formatReport(summary({ ...start(6_000, 812), picturesMs: null }));
    expect(text).to.match(/^1 run +COLD +WARM\n/);
    expect(text).to.match(/^first page +6\.0 s +6\.0 s$/m);
    expect(text).to.match(/^pictures +too long +too long$/m);
    expect(text).to.match(/^engine \(2\) +812 MB +812 MB$/m);
    expect(text).to.match(/^total without prometheus +812 MB +812 MB$/m);
    expect(text).to.include('Budget (10.0 s to the first page, 1300 MB): kept\n');
  });

  it('weighs this very process', () => {
    const [own] = familyOf(process.pid);
    expect(own).to.include({ pid: process.pid, parent: process.ppid });
    expect(own?.kB).to.be.within(10_000, (process.memoryUsage.rss() / 1024) * 1.5);
  });
});
