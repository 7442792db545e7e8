import { expect } from 'chai';
import { afterExit, backoff, type BackoffState } from './backoff.ts';

function delays(count: number, ranMs: number): number[] {
  let state: BackoffState = { failures: 0 };
  return Array.from({ length: count }, () => {
    const next = afterExit(state, ranMs);
    state = next.state;
    return next.delayMs;
  });
}

describe('restart back-off', () => {
  it('doubles from 250 ms up to 30 s and stays there', () => {
    expect(delays(10, 0)).to.deep.equal([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('never overflows, however often a container ends', () => {
    expect(delays(2000, 0).at(-1)).to.equal(backoff.maxMs);
  });

  it('begins anew after the container ran for a minute', () => {
    const { delayMs } = afterExit({ failures: 7 }, backoff.resetAfterMs);
    expect(delayMs).to.equal(250);
    expect(afterExit({ failures: 7 }, backoff.resetAfterMs - 1).delayMs).to.equal(30_000);
  });
});
