import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import fc from 'fast-check';
import { LocalBuckets } from './local-buckets.ts';
import { type Bucket, takeToken } from './token-bucket.ts';

describe('a token bucket', () => {
  const rate = { perSecond: 2, burst: 3 };

  it('starts full, empties, and fills up at its rate', () => {
    let bucket: Bucket | undefined;
    const take = (nowMs: number) => {
      const result = takeToken(bucket, rate, nowMs);
      ({ bucket } = result);
      return result.decision.allowed;
    };
    expect([0, 0, 0, 0].map(take)).to.deep.equal([true, true, true, false]);
    expect([499, 500, 501].map(take)).to.deep.equal([false, true, false]);
    expect([10_000, 10_000, 10_000, 10_000].map(take)).to.deep.equal([true, true, true, false]);
  });

  it('never lets more through than burst plus rate times time, whatever the clock does', () => {
    const arrivals = fc.array(fc.integer({ min: -50, max: 400 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(arrivals, (steps) => {
        let bucket: Bucket | undefined;
        let [nowMs, forwardMs, allowed] = [0, 0, 0];
        for (const step of steps) {
          nowMs += step;
          forwardMs += Math.max(0, step);
          const result = takeToken(bucket, rate, nowMs);
          ({ bucket } = result);
          if (result.decision.allowed) allowed++;
        }
        return allowed <= rate.burst + (forwardMs / 1_000) * rate.perSecond + 1e-6;
      }),
    );
  });

  it('says when to come back', () => {
    const { decision } = takeToken({ tokens: 0, atMs: 0 }, { perSecond: 0.25, burst: 4 }, 0);
    expect(decision).to.deep.equal({
      allowed: false,
      remaining: 0,
      resetSeconds: 16,
      retrySeconds: 4,
    });
  });

  it('is kept for ten thousand subjects, the latest', () => {
    const buckets = new LocalBuckets(new FakeClock());
    const one = { perSecond: 1, burst: 1 };
    expect(buckets.take('first', one).allowed).to.equal(true);
    expect(buckets.take('first', one).allowed).to.equal(false);
    for (let index = 0; index < 10_000; index++) buckets.take(`other ${index}`, one);
    expect(buckets.take('first', one).allowed).to.equal(true);
    expect(buckets.take('other 9999', one).allowed).to.equal(false);
  });
});
