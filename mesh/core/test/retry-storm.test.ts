import { expect } from 'chai';
import { seededRandom } from '../src/random.ts';
import { DEFAULT_BUDGET } from '../src/retry-budget.ts';
import { type RetryStorm, simulateRetryStorm, type StormSecond } from '../src/sim/retry-storm.ts';

// About 1,000 requests a second at most; the trigger takes 60 % of that away for ten seconds.
const base: RetryStorm = {
  offeredPerSecond: 700,
  workers: 10,
  serviceMs: 10,
  timeoutMs: 1_000,
  retries: 3,
  trigger: { fromMs: 20_000, forMs: 10_000, capacity: 0.4 },
  untilMs: 90_000,
};

const mean = (seconds: readonly StormSecond[], key: keyof StormSecond) =>
  seconds.reduce((sum, second) => sum + second[key], 0) / seconds.length;

describe('a retry storm', () => {
  const cases: [what: string, change: Partial<RetryStorm>, recovers: boolean][] = [
    ['naive, unbounded queue', {}, false],
    ['naive at half the capacity', { offeredPerSecond: 500 }, false],
    ['naive at less than a third of the capacity', { offeredPerSecond: 300 }, true],
    ['one retry only', { retries: 1 }, false],
    ['exponential back-off with full jitter', { backoffFromMs: 100 }, false],
    ['a queue longer than the time-out', { queueMax: 2_000 }, false],
    ['expired work dropped, retries unchanged', { dropExpired: true }, false],
    ['no retries', { retries: 0 }, true],
    ['a retry budget of 20 %', { budget: DEFAULT_BUDGET }, true],
    ['a retry budget of 10 %', { budget: { ...DEFAULT_BUDGET, ratio: 0.1 } }, true],
    ['a queue much shorter than the time-out', { queueMax: 100 }, true],
    ['newest first when many wait', { lifoAbove: 100 }, true],
    ['a trigger of two seconds', { trigger: { ...base.trigger, forMs: 2_000 } }, true],
  ];
  for (const [what, change, recovers] of cases) {
    it(`${recovers ? 'ends' : 'goes on'} after its trigger: ${what}`, () => {
      const storm = { ...base, ...change };
      const seconds = simulateRetryStorm(storm, seededRandom(7));
      const before = mean(seconds.slice(10, 20), 'goodput');
      expect(before).to.be.closeTo(storm.offeredPerSecond, storm.offeredPerSecond * 0.07);
      const after = mean(seconds.slice(-20), 'goodput') / storm.offeredPerSecond;
      if (recovers) expect(after).to.be.greaterThan(0.95);
      else expect(after).to.be.lessThan(0.25);
    });
  }

  it('multiplies the attempts while it lasts', () => {
    const seconds = simulateRetryStorm(base, seededRandom(7));
    expect(mean(seconds.slice(-20), 'attempts')).to.be.within(2_650, 2_900);
  });

  it('is the same run for the same seed', () => {
    const short = { ...base, untilMs: 5_000 };
    const run = (seed: number) => simulateRetryStorm(short, seededRandom(seed));
    expect(run(3)).to.deep.equal(run(3));
    expect(run(3)).not.to.deep.equal(run(4));
  });
});
