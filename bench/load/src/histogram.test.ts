import { expect } from 'chai';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

describe('a histogram', () => {
  it('knows every quantile to 1 %, and the longest exactly', () => {
    const durations = fc.array(fc.double({ min: 0.05, max: 600_000, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
        const histogram = new Histogram();
        for (const ms of all) histogram.record(ms);
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * all.length) - 1] ?? 0;
        expect(histogram.quantile(share)).to.be.closeTo(exact, exact * 0.0101);
        expect(histogram.quantile(1)).to.be.at.most(sorted.at(-1) ?? 0);
        expect(histogram.count).to.equal(all.length);
      }),
    );
  });

  it('shows an empty run as zeros', () => {
    expect(new Histogram().spread()).to.deep.equal({ p50: 0, p95: 0, p99: 0, max: 0 });
  });

  it('takes what took no time at all', () => {
    const histogram = new Histogram();
    histogram.record(0);
    expect(histogram.spread()).to.deep.equal({ p50: 0, p95: 0, p99: 0, max: 0 });
  });

  it('takes a negative duration for the shortest', () => {
    const histogram = new Histogram();
    for (const ms of [-5, 10, 10]) histogram.record(ms);
    expect(histogram.quantile(0.3)).to.equal(0.01);
    expect(histogram.quantile(0.99)).to.be.closeTo(10, 0.1);
  });
});
