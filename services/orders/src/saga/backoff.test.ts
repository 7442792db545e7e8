import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs, defaultBackoff } from './backoff.ts';

describe('the back-off of a saga', () => {
  it('doubles up to its longest wait, which is longer for what is undone', () => {
    const waits = (phase: 'forward' | 'undo') =>
      [1, 2, 3, 6, 8, 9, 1_000].map((attempts) =>
        backoffMs(defaultBackoff, { phase, attempts, random: 1 }),
      );
    expect(waits('forward')).to.deep.equal([200, 400, 800, 5_000, 5_000, 5_000, 5_000]);
    expect(waits('undo')).to.deep.equal([200, 400, 800, 6_400, 25_600, 30_000, 30_000]);
  });

  it('leaves the upper half of each wait to chance', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, random) => {
        const longest = backoffMs(defaultBackoff, { phase: 'forward', attempts, random: 1 });
        const wait = backoffMs(defaultBackoff, { phase: 'forward', attempts, random });
        expect(wait).to.be.within(longest / 2, longest);
      }),
    );
  });
});
