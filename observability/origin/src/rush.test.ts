import { expect } from 'chai';
import { Rush } from './rush.ts';

describe('Rush', () => {
  let rush: Rush;
  let second: number;
  beforeEach(() => {
    rush = new Rush();
    second = 1_000;
  });

  function see(perSecond: number, seconds: number): void {
    for (let count = 0; count < seconds; count++, second++) {
      rush.count({ atMs: second * 1_000 + 500, periodMs: 1_000, requests: perSecond });
    }
  }

  it('learns the usual rate', () => {
    see(20, 40);
    expect(rush.usualPerSecond).to.be.closeTo(20, 1);
    expect(rush.now).to.equal(undefined);
  });

  it('sees when it has risen far, and that it is over', () => {
    see(20, 40);
    const beganMs = second * 1_000;
    see(80, 6);
    expect(rush.now?.factor).to.be.closeTo(4, 0.5);
    expect(rush.now?.sinceMs).to.be.within(beganMs - 3_000, beganMs + 3_000);
    expect(rush.latest).to.deep.equal({ sinceMs: rush.now?.sinceMs, untilMs: Infinity });
    const endedMs = second * 1_000;
    see(20, 8);
    expect(rush.now).to.equal(undefined);
    expect(rush.latest?.untilMs).to.be.within(endedMs, endedMs + 6_000);
  });

  it('sees it in the first period that tells of it, and not for that period only', () => {
    see(20, 40);
    see(70, 1);
    expect(rush.now?.sinceMs).to.be.within((second - 1.6) * 1_000, second * 1_000);
    see(60, 1);
    expect(rush.now).to.not.equal(undefined);
  });

  it('takes it back when what comes after it is only a little more', () => {
    see(20, 40);
    see(50, 1);
    expect(rush.now).to.not.equal(undefined);
    see(30, 4);
    expect(rush.now).to.equal(undefined);
  });

  describe('that lasts', () => {
    function serve(perSecond: number, seconds: number, outcome: 'fine' | 'slow'): void {
      for (let count = 0; count < seconds; count++) {
        for (let one = 0; one < perSecond; one++) rush.add(second * 1_000, outcome);
        see(perSecond, 1);
      }
    }

    it('is the usual from when it has been borne for a while', () => {
      see(2, 40);
      serve(30, 8, 'fine');
      expect(rush.now).to.not.equal(undefined);
      serve(30, 10, 'fine');
      expect(rush.now).to.equal(undefined);
      expect(rush.usualPerSecond).to.be.closeTo(30, 3);
    });

    it('goes on while it does harm', () => {
      see(20, 40);
      serve(80, 20, 'slow');
      expect(rush.now).to.not.equal(undefined);
    });
  });

  it('is not that load begins where there was next to none, and is one upon that', () => {
    see(0.5, 40);
    for (let count = 0; count < 20; count++) {
      see(20, 1);
      expect(rush.now).to.equal(undefined);
    }
    see(80, 6);
    expect(rush.now?.factor).to.be.closeTo(4, 0.5);
  });

  it('takes a little more for nothing', () => {
    see(20, 40);
    see(30, 10);
    expect(rush.now).to.equal(undefined);
  });

  it('does not take the time in which nothing was heard for quiet', () => {
    see(20, 40);
    second += 25;
    see(20, 12);
    expect(rush.usualPerSecond).to.be.closeTo(20, 1);
    expect(rush.now).to.equal(undefined);
  });

  it('counts how requests ended', () => {
    see(1, 1);
    rush.add(second * 1_000, 'fine');
    rush.add(second * 1_000, 'failed');
    rush.add(second * 1_000, 'slow');
    expect(rush.sum(second * 1_000)).to.deep.equal({ total: 3, failed: 1, slow: 1 });
  });
});
