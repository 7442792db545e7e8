import { expect } from 'chai';
import { Pace } from './pace.ts';

describe('Pace', () => {
  const sidecars = 20;
  let pace: Pace;
  let nowMs: number;
  beforeEach(() => {
    pace = new Pace();
    nowMs = 0;
  });

  function look(periodMs: number, seconds: number): void {
    const endMs = nowMs + seconds * 1_000;
    for (; nowMs < endMs; nowMs += periodMs / sidecars) {
      pace.note({ atMs: nowMs, periodMs: periodMs + (nowMs % 3) * 10 });
    }
  }

  it('is no hurry while looks come as often as they do', () => {
    look(1_000, 20);
    look(500, 20);
    expect(pace.hurry).to.equal(0);
  });

  it('bears that looks at some come now a little sooner, now a little later', () => {
    const periodsMs = [180, 340, 480, 510, 530, 660, 800];
    for (let count = 0; count < 4_000; count++, nowMs += 25) {
      pace.note({ atMs: nowMs, periodMs: periodsMs[count % periodsMs.length] ?? 0 });
      expect(pace.hurry).to.be.lessThan(0.1);
    }
  });

  it('is a hurry when most are looked at late, until a few seconds after', () => {
    look(500, 30);
    look(1_400, 3);
    expect(pace.hurry).to.be.greaterThan(0.5);
    look(500, 2);
    expect(pace.hurry).to.be.greaterThan(0.3);
    look(500, 25);
    expect(pace.hurry).to.equal(0);
  });

  it('remembers when nobody had time', () => {
    look(500, 30);
    expect(pace.hurried).to.equal(undefined);
    const beganMs = nowMs;
    look(1_400, 3);
    const endedMs = nowMs;
    look(500, 25);
    const { sinceMs = 0, untilMs = 0 } = pace.hurried ?? {};
    expect(sinceMs).to.be.within(beganMs, beganMs + 3_000);
    expect(untilMs).to.be.within(endedMs, endedMs + 9_000);
  });

  it('takes for usual what lasts', () => {
    look(500, 30);
    look(1_400, 150);
    expect(pace.hurry).to.be.lessThan(0.1);
  });

  it('makes nothing of one sidecar that was away, nor of what cannot be', () => {
    look(500, 10);
    pace.note({ atMs: nowMs, periodMs: 30_000 });
    pace.note({ atMs: nowMs, periodMs: 0 });
    pace.note({ atMs: nowMs, periodMs: Number.NaN });
    look(500, 3);
    expect(pace.hurry).to.equal(0);
  });
});
