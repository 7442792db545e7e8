import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs } from '../src/backoff.ts';
import { type Accrual, Breaker } from '../src/breaker.ts';
import type { Outcome } from '../src/classify.ts';
import { seededRandom } from '../src/random.ts';

const backoff = { minMs: 1_000, maxMs: 60_000, jitterRatio: 0.5 };
const consecutive: Accrual = { maxFailures: 7, backoff };
const unified: Accrual = {
  maxFailures: 7,
  backoff,
  successRate: { threshold: 0.8, windowMs: 10_000, minRequests: 5 },
};
const status = (code: number): Outcome => ({ kind: 'response', status: code });

function subject(accrual: Accrual, random = seededRandom(1)) {
  const breaker = new Breaker(accrual);
  let nowMs = 0;
  return {
    breaker,
    pass(ms: number) {
      nowMs += ms;
    },
    ready: () => breaker.ready(nowMs),
    send(...outcomes: Outcome[]) {
      for (const outcome of outcomes) breaker.record(breaker.acquire(), outcome, { nowMs, random });
    },
    answer(permit: { epoch: number }, outcome: Outcome) {
      breaker.record(permit, outcome, { nowMs, random });
    },
    /** Waits until it would let a probe through; how long that took, in steps of 100 ms. */
    untilReady() {
      const fromMs = nowMs;
      while (!breaker.ready(nowMs)) nowMs += 100;
      return nowMs - fromMs;
    },
  };
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('a consecutive breaker', () => {
  it('shuts after seven failures in a row, for a second, then lets exactly one through', () => {
    const endpoint = subject(consecutive);
    endpoint.send(...times(6, status(503)));
    expect(endpoint.ready()).to.equal(true);
    endpoint.send(status(500));
    expect(endpoint.ready()).to.equal(false);
    expect(endpoint.untilReady()).to.equal(1_000);
    endpoint.breaker.acquire();
    expect(endpoint.ready()).to.equal(false);
  });

  it('opens and forgets after one success', () => {
    const endpoint = subject(consecutive);
    endpoint.send(...times(7, status(500)));
    endpoint.untilReady();
    endpoint.send(status(200));
    expect(endpoint.breaker.state.kind).to.equal('open');
    endpoint.send(...times(6, status(500)));
    expect(endpoint.ready()).to.equal(true);
    endpoint.send(status(500));
    expect(endpoint.untilReady()).to.equal(1_000);
  });

  it('waits longer after each failed probe, up to a minute', () => {
    const endpoint = subject(consecutive);
    endpoint.send(...times(7, status(500)));
    const waits = times(8, 0).map(() => {
      const waited = endpoint.untilReady();
      endpoint.send(status(500));
      return waited / 1_000;
    });
    const expected = [
      [1, 1],
      [2, 2],
      [4, 5],
      [8, 11],
      [16, 23],
      [32, 47],
      [60, 60],
      [60, 60],
    ] as const;
    for (const [i, [low, high]] of expected.entries())
      expect(waits[i], `wait ${i}`).to.be.within(low, high);
  });

  it('counts a run that one success ends', () => {
    const endpoint = subject(consecutive);
    endpoint.send(...times(6, status(500)), status(200), ...times(6, status(500)));
    expect(endpoint.ready()).to.equal(true);
  });

  it('counts lost connections and timeouts, but neither 404 nor 429', () => {
    const endpoint = subject(consecutive);
    endpoint.send(...times(20, status(429)), ...times(20, status(404)));
    expect(endpoint.ready()).to.equal(true);
    endpoint.send(
      ...times(4, { kind: 'error', error: 'timeout' } as const),
      ...times(3, { kind: 'error', error: 'reset' } as const),
    );
    expect(endpoint.ready()).to.equal(false);
  });

  it('ignores late outcomes of requests sent before the trip', () => {
    const endpoint = subject(consecutive);
    const late = endpoint.breaker.acquire();
    endpoint.send(...times(7, status(500)));
    endpoint.answer(late, status(200));
    expect(endpoint.ready()).to.equal(false);
    endpoint.untilReady();
    endpoint.breaker.acquire();
    endpoint.answer(late, status(200));
    expect(endpoint.breaker.state.kind).to.equal('probation');
  });

  it('gives the probe to another when it was not used', () => {
    const endpoint = subject(consecutive);
    endpoint.send(...times(7, status(500)));
    endpoint.untilReady();
    endpoint.breaker.cancel(endpoint.breaker.acquire());
    expect(endpoint.ready()).to.equal(true);
  });

  it('never lets a request through while it is shut', () => {
    const step = fc.oneof(
      fc.constantFrom(200, 404, 429, 500, 503).map(status),
      fc.integer({ min: 0, max: 5_000 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const endpoint = subject(consecutive);
        for (const next of steps) {
          if (typeof next === 'number') endpoint.pass(next);
          else if (endpoint.ready()) endpoint.send(next);
          const { state } = endpoint.breaker;
          if (state.kind === 'shut') expect(state.trips).to.be.at.least(0);
        }
        endpoint.pass(120_000);
        expect(endpoint.ready()).to.equal(true);
      }),
    );
  });
});

describe('a unified breaker', () => {
  it('shuts when half the answers are 429', () => {
    const endpoint = subject(unified);
    endpoint.send(status(200), status(429), status(200), status(429));
    expect(endpoint.ready()).to.equal(true);
    endpoint.send(status(200));
    expect(endpoint.ready()).to.equal(false);
  });

  it('forgets what is older than its window', () => {
    const endpoint = subject(unified);
    endpoint.send(status(500), status(500), status(500));
    endpoint.pass(11_000);
    endpoint.send(...times(20, status(200)));
    expect(endpoint.ready()).to.equal(true);
  });

  it('takes a throttled probe for a failure', () => {
    const endpoint = subject(unified);
    endpoint.send(...times(7, status(500)));
    endpoint.untilReady();
    endpoint.send(status(429));
    expect(endpoint.breaker.state.kind).to.equal('shut');
  });
});

describe('back-off', () => {
  it('never leaves the range from its base to its maximum', () => {
    fc.assert(
      fc.property(
        fc.nat(5_000),
        fc.nat(100_000),
        fc.nat(60),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (minMs, extraMs, attempt, draw) => {
          const policy = { minMs, maxMs: minMs + extraMs + 1, jitterRatio: 0.5 };
          const pauseMs = backoffMs(policy, attempt, () => draw);
          expect(pauseMs).to.be.within(
            Math.min(policy.maxMs, minMs * 2 ** Math.min(attempt, 32)),
            policy.maxMs,
          );
        },
      ),
    );
  });
});
