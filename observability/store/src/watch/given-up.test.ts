import type { EdgeSample } from '@faultline/origin/model';
import { expect } from 'chai';
import { GivenUp } from './given-up.ts';

const quiet = { failures: {}, retries: 0, retrySuccesses: 0 };

/** What is told of seconds in each of which so many calls began and ended, one after the other. */
function told(calls: readonly (readonly [requests: number, responses: number])[]): number[] {
  const givenUp = new GivenUp();
  return calls.flatMap(([requests, responses], second) => {
    const sample: EdgeSample = {
      atMs: second * 1_000,
      periodMs: 1_000,
      view: 'inbound',
      source: { service: 'gateway' },
      target: { kind: 'service', name: 'orders', instance: 'orders-1' },
      requests,
      responses,
      ...quiet,
      connectionsOpened: 0,
      connectionsClosed: 0,
      bytesRead: 0,
      bytesWritten: 0,
    };
    return givenUp.settle([sample]).map((one) => one.responses - responses);
  });
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const seconds = (count: number, one: readonly [number, number]) =>
  Array.from({ length: count }, () => one);

describe('GivenUp', () => {
  it('adds the end of a call that nobody told of, once', () => {
    const added = told([[5, 4], ...seconds(30, [5, 5])]);
    expect(sum(added)).to.equal(1);
    expect(added.findIndex((one) => one > 0)).to.be.within(11, 14);
  });

  it('adds nothing where every call is answered, late or not', () => {
    // One goes on for five seconds while others come and go, and again.
    const slow = [[2, 1], ...seconds(4, [1, 1]), [0, 1]] as const;
    expect(sum(told(Array.from({ length: 10 }, () => slow).flat()))).to.equal(0);
  });

  it('keeps up with calls that are given up all the time', () => {
    const added = told([...seconds(60, [10, 9]), ...seconds(26, [0, 0])]);
    expect(sum(added)).to.equal(60);
  });
});
