import { expect } from 'chai';
import { type Arrival, arrivals, type Crowd } from './arrivals.ts';

const crowd: Crowd = { seed: 1, perSecond: 10, weights: { browse: 3, buy: 1 } };

function first(count: number, changes: Partial<Crowd> = {}): Arrival[] {
  return [...arrivals({ ...crowd, ...changes }).take(count)];
}

describe('a crowd', () => {
  it('is the same for the same seed, down to what each person chooses', () => {
    const describeAll = (all: Arrival[]) =>
      all.map(({ atMs, journey, random }) => [atMs, journey, random()]);
    expect(describeAll(first(50))).to.deep.equal(describeAll(first(50)));
    expect(describeAll(first(50))).not.to.deep.equal(describeAll(first(50, { seed: 2 })));
  });

  it('comes at the rate asked for, with gaps as independent people have', () => {
    const times = first(20_000).map(({ atMs }) => atMs);
    expect((times.at(-1) ?? 0) / 1_000).to.be.closeTo(2_000, 60);
    const gaps = times.map((atMs, index) => atMs - (times[index - 1] ?? 0));
    // Exponential: a share of e^-1 is longer than the mean, e^-3 longer than three times that.
    const share = (ms: number) => gaps.filter((gap) => gap > ms).length / gaps.length;
    expect(share(100)).to.be.closeTo(Math.exp(-1), 0.02);
    expect(share(300)).to.be.closeTo(Math.exp(-3), 0.01);
  });

  it('has people for each journey by its weight, and none where that is 0', () => {
    const all = first(10_000, { weights: { browse: 3, buy: 1, upload: 0 } });
    const share = (name: string) => all.filter(({ journey }) => journey === name).length / 10_000;
    expect(share('browse')).to.be.closeTo(0.75, 0.02);
    expect(share('buy')).to.be.closeTo(0.25, 0.02);
    expect(share('upload')).to.equal(0);
  });

  it('needs something to come for', () => {
    expect(() => first(1, { weights: { browse: 0 } })).to.throw('expected a weight above 0');
  });
});
