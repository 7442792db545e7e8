import { expect } from 'chai';
import { sample } from '../test/samples.ts';
import { Demand } from './demand.ts';

describe('Demand', () => {
  let demand: Demand;
  let nowMs: number;
  beforeEach(() => {
    demand = new Demand();
    nowMs = 1_000_000;
  });

  /** Two instances, looked at twice a second. */
  function see(perSecond: number, seconds: number): void {
    for (let half = 0; half < seconds * 2; half++) {
      nowMs += 500;
      for (const instance of ['profiles-1', 'profiles-2']) {
        const one = { view: 'inbound', instance, periodMs: 500, atMs: nowMs } as const;
        demand.add(sample('gateway', 'profiles', { ...one, responses: perSecond / 4 }));
      }
    }
  }

  it('knows of no surge while as many come as ever', () => {
    see(4, 60);
    expect(demand.surgeOf('profiles')).to.equal(undefined);
    expect(demand.surgeOf('nobody')).to.equal(undefined);
  });

  it('knows within a second when far more come, and until when they did', () => {
    see(4, 60);
    const beganMs = nowMs;
    see(24, 1);
    expect(demand.surgeOf('profiles')?.sinceMs).to.be.within(beganMs - 1_000, beganMs);
    expect(demand.surgeOf('profiles')?.untilMs).to.equal(Infinity);
    see(24, 2);
    const endedMs = nowMs;
    see(4, 10);
    const { sinceMs = 0, untilMs = 0 } = demand.surgeOf('profiles') ?? {};
    expect(sinceMs).to.be.within(beganMs - 1_000, beganMs);
    expect(untilMs).to.be.within(endedMs, endedMs + 4_000);
  });

  it('is not alarmed by what chance does to few', () => {
    see(1, 60);
    see(5, 1);
    expect(demand.surgeOf('profiles')).to.equal(undefined);
  });

  it('gets used to it', () => {
    see(4, 60);
    see(24, 120);
    const { untilMs = 0 } = demand.surgeOf('profiles') ?? {};
    expect(untilMs).to.be.lessThan(nowMs - 60_000);
  });

  it('takes load that has just begun for no surge', () => {
    see(0.4, 60);
    see(24, 60);
    expect(demand.surgeOf('profiles')).to.equal(undefined);
  });

  it('counts what a service’s own sidecar saw, not what callers say', () => {
    see(4, 60);
    nowMs += 500;
    demand.add(sample('gateway', 'profiles', { view: 'route', atMs: nowMs, responses: 200 }));
    expect(demand.surgeOf('profiles')).to.equal(undefined);
  });
});
