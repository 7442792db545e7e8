import { expect } from 'chai';
import { sample } from '../test/samples.ts';
import { InFlight } from './in-flight.ts';

describe('InFlight', () => {
  let calls: InFlight;
  let atMs: number;
  beforeEach(() => {
    calls = new InFlight();
    atMs = 0;
  });

  /** A second in which so many calls were sent, and so many ended. */
  function second(requests: number, responses: number, tookMs = 8) {
    atMs += 1_000;
    const one = { ...sample('gateway', 'orders', { requests, responses, tookMs }), atMs };
    return calls.add(one, { learns: true });
  }

  it('tells a call that does not end twice, and no more', () => {
    second(1, 0);
    const news = Array.from({ length: 6 }, () => second(0, 0).news);
    expect(news).to.deep.equal([1, 1, 0, 0, 0, 0]);
  });

  it('does not take a call whose end was lost for a new one whenever another comes and goes', () => {
    second(1, 0);
    for (let count = 0; count < 3; count++) second(0, 0);
    let news = 0;
    for (let count = 0; count < 10; count++) news += second(1, 1).news + second(0, 0).news;
    expect(news).to.equal(0);
  });

  it('tells of calls that get stuck beside one whose end was lost', () => {
    second(1, 0);
    for (let count = 0; count < 3; count++) second(0, 0);
    second(2, 0);
    expect(second(0, 0).news).to.equal(2);
  });

  it('tells of each call that gets stuck after another that was stuck has ended', () => {
    second(1, 0);
    const news = Array.from({ length: 6 }, () => second(1, 1, 1_900).news);
    expect(news.slice(1)).to.deep.equal([0, 0, 0, 0, 0]);
    second(2, 0);
    second(0, 0);
    // One of the three ends, and what was sent in its place is stuck a second later.
    second(1, 1, 1_900);
    expect(second(0, 0).news).to.equal(1);
  });

  it('takes calls that are always under way for usual', () => {
    second(2, 0);
    expect(second(0, 0).odd).to.be.greaterThan(1);
    for (let count = 0; count < 22; count++) second(0, 0);
    expect(second(0, 0).odd).to.equal(0);
  });
});
