import { expect } from 'chai';
import { mostSurprising, surprise, Tally } from './tally.ts';

describe('Tally', () => {
  it('sums seconds, and forgets those of half a minute ago', () => {
    const tally = new Tally();
    tally.add(1_000, 1, 2);
    tally.add(1_900, 0, 3);
    tally.add(4_000, 2, 2);
    expect(tally.sum(0)).to.deep.equal({ bad: 3, total: 7 });
    expect(tally.sum(2_000)).to.deep.equal({ bad: 2, total: 2 });
    expect(tally.sum(0, 1_999)).to.deep.equal({ bad: 1, total: 5 });
    tally.add(60_000, 0, 1);
    expect(tally.sum(0)).to.deep.equal({ bad: 0, total: 1 });
  });

  it('takes what comes late where it belongs, and passes over what is too late', () => {
    const tally = new Tally();
    tally.add(50_000, 0, 1);
    tally.add(40_000, 1, 1);
    tally.add(1_000, 5, 5);
    expect(tally.sum(0)).to.deep.equal({ bad: 1, total: 2 });
  });

  it('tells when there last was something bad', () => {
    const tally = new Tally();
    expect(tally.lastBadMs).to.equal(0);
    tally.add(7_200, 1, 1);
    tally.add(9_000, 0, 4);
    expect(tally.lastBadMs).to.equal(7_999);
  });
});

describe('surprise', () => {
  it('is nothing for what is usual, and grows with what is not', () => {
    expect(surprise({ bad: 0, total: 100 }, 0.01)).to.equal(0);
    expect(surprise({ bad: 1, total: 100 }, 0.01)).to.equal(0);
    const [one, two, ten] = [1, 2, 10].map((bad) => surprise({ bad, total: bad }, 0.01));
    expect(one).to.be.closeTo(4.6, 0.1);
    expect(two).to.be.greaterThan(one ?? 0);
    expect(ten).to.be.greaterThan(two ?? 0);
    expect(surprise({ bad: 2, total: 100 }, 0.01)).to.be.below(1);
  });

  it('finds the onset behind a long time without trouble', () => {
    const tally = new Tally();
    for (let second = 0; second < 20; second++) tally.add(second * 1_000, 0, 10);
    for (let second = 20; second < 22; second++) tally.add(second * 1_000, 5, 10);
    const range = { fromMs: 5_000, toMs: 21_999, usual: 0.01 };
    const { sinceMs, ratio, score } = mostSurprising([tally], range);
    expect(sinceMs).to.equal(20_000);
    expect(ratio).to.deep.equal({ bad: 10, total: 20 });
    expect(score).to.be.greaterThan(20);
  });
});
