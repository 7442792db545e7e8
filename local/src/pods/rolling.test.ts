import { expect } from 'chai';
import fc from 'fast-check';
import type { RolloutStrategy } from '../manifests/model.ts';
import { type CountedPod, margins, nextStep } from './rolling.ts';

const rolling: RolloutStrategy = {
  kind: 'rolling',
  maxSurge: 1,
  maxUnavailable: 0,
  minReadyMs: 0,
  progressDeadlineMs: 600_000,
};

function pods(of: Partial<CountedPod>, count: number): CountedPod[] {
  const pod = { isUpdated: false, isAvailable: true, ready: true, isLeaving: false };
  return Array.from({ length: count }, () => ({ ...pod, ...of }));
}

describe('a rolling update', () => {
  const next = (all: CountedPod[], desired: number, strategy: Partial<RolloutStrategy> = {}) => {
    const { create, stop } = nextStep(all, { desired, strategy: { ...rolling, ...strategy } });
    return { create, stop: stop.length };
  };

  it('starts as many new pods as the surge allows, and stops none before they are there', () => {
    expect(next(pods({}, 2), 2)).to.deep.equal({ create: 1, stop: 0 });
    expect(next(pods({}, 4), 4, { maxSurge: '50%' })).to.deep.equal({ create: 2, stop: 0 });
    const starting = pods({ isUpdated: true, isAvailable: false, ready: false }, 1);
    expect(next([...pods({}, 2), ...starting], 2)).to.deep.equal({ create: 0, stop: 0 });
  });

  it('stops an old pod for each new one that is available', () => {
    const mixed = [...pods({}, 2), ...pods({ isUpdated: true }, 1)];
    expect(next(mixed, 2)).to.deep.equal({ create: 0, stop: 1 });
  });

  it('gives up old pods beforehand where some may be missing', () => {
    expect(next(pods({}, 4), 4, { maxSurge: 0, maxUnavailable: 1 })).to.deep.equal({
      create: 0,
      stop: 1,
    });
    // Neither would be a standstill.
    expect(margins({ ...rolling, maxSurge: 0 }, 4)).to.deep.equal({ surge: 0, missing: 1 });
    expect(margins({ ...rolling, maxSurge: '25%', maxUnavailable: '25%' }, 5)).to.deep.equal({
      surge: 2,
      missing: 1,
    });
  });

  it('lets old pods that are of no use go first', () => {
    const broken = pods({ isAvailable: false, ready: false }, 1);
    const all = [...pods({}, 1), ...broken, ...pods({ isUpdated: true }, 1)];
    const { stop } = nextStep(all, { desired: 2, strategy: rolling });
    expect(stop).to.deep.equal(broken);
  });

  it('that recreates starts nothing before the last old pod is gone', () => {
    const recreate = { kind: 'recreate' } as const;
    expect(next(pods({}, 2), 2, recreate)).to.deep.equal({ create: 0, stop: 2 });
    expect(next(pods({ isLeaving: true }, 1), 2, recreate)).to.deep.equal({ create: 0, stop: 0 });
    expect(next([], 2, recreate)).to.deep.equal({ create: 2, stop: 0 });
  });

  it('ends with new pods only, and keeps enough available all the way', () => {
    const numbers = {
      desired: fc.integer({ min: 1, max: 6 }),
      surge: fc.nat(3),
      missing: fc.nat(3),
    };
    fc.assert(
      fc.property(fc.record(numbers), ({ desired, surge, missing }) => {
        const strategy = { ...rolling, maxSurge: surge, maxUnavailable: missing };
        const least = desired - margins(strategy, desired).missing;
        let all = pods({}, desired);
        for (let steps = 0; steps < 40; steps += 1) {
          const { create, stop } = nextStep(all, { desired, strategy });
          all = all.filter((pod) => !stop.includes(pod));
          all.push(...pods({ isUpdated: true, isAvailable: false, ready: false }, create));
          expect(all.filter(({ isAvailable }) => isAvailable).length).to.be.at.least(least);
          expect(all.length).to.be.at.most(desired + surge);
          // One becomes ready.
          const late = all.find(({ isAvailable }) => !isAvailable);
          if (late) Object.assign(late, { isAvailable: true, ready: true });
        }
        expect(all).to.deep.equal(pods({ isUpdated: true }, desired));
      }),
    );
  });
});
