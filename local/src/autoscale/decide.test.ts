import { expect } from 'chai';
import { decide, type Decision, type History, noHistory } from './decide.ts';
import type { Autoscaler, ScalingRules } from './model.ts';
import type { Proposal } from './propose.ts';

const any: ScalingRules = {
  stabilizationWindowMs: 0,
  select: 'Max',
  policies: [{ kind: 'Percent', value: 100, periodMs: 15_000 }],
};

function autoscaler(changes: Partial<Autoscaler> = {}): Autoscaler {
  return {
    name: 'a',
    target: 'a',
    min: 1,
    max: 10,
    metrics: [],
    up: { ...any, policies: [...any.policies, { kind: 'Pods', value: 4, periodMs: 15_000 }] },
    down: any,
    intervalMs: 15_000,
    initializationMs: 300_000,
    initialReadinessMs: 30_000,
    ...changes,
  };
}

/** An autoscaler that is looked at every 15 s, and whose Deployment does as it says. */
class Run {
  current: number;
  nowMs = 0;
  history: History = noHistory;
  readonly #autoscaler: Autoscaler;

  constructor(current: number, changes: Partial<Autoscaler> = {}) {
    this.current = current;
    this.#autoscaler = autoscaler(changes);
  }

  look(...wanted: (number | 'unknown')[]): Decision {
    this.nowMs += 15_000;
    const proposals = wanted.map((one): Proposal => {
      return one === 'unknown' ? { error: 'no value' } : { replicas: one, reason: `${one}` };
    });
    const { current, nowMs, history } = this;
    const decision = decide(this.#autoscaler, { current, nowMs, proposals, history });
    this.history = decision.history;
    this.current = decision.desired;
    return decision;
  }

  /** What there is after each look. */
  looks(...wanted: number[]): number[] {
    return wanted.map((one) => this.look(one).desired);
  }
}

describe('an autoscaler', () => {
  it('takes the largest of what its metrics ask for, and its reason', () => {
    const decision = new Run(2).look(3, 5, 1);
    expect(decision).to.include({ desired: 5, reason: '5' });
  });

  it('keeps between least and most', () => {
    expect(new Run(2).look(99).desired).to.equal(6);
    expect(new Run(9).look(99).desired).to.equal(10);
    expect(new Run(2).look(0).desired).to.equal(1);
    expect(new Run(12).look(12)).to.include({ desired: 10, reason: 'at most 10' });
    expect(new Run(1, { min: 3 }).look(1)).to.include({ desired: 3, reason: 'at least 3' });
  });

  it('grows by four or to the double in a period, whichever is more', () => {
    const run = new Run(1, { max: 100 });
    expect(run.looks(100, 100, 100, 100)).to.deep.equal([5, 10, 20, 40]);
  });

  it('counts what it added before within the period', () => {
    const slow = { ...any, policies: [{ kind: 'Pods', value: 2, periodMs: 40_000 }] } as const;
    expect(new Run(1, { up: slow }).looks(9, 9, 9, 9)).to.deep.equal([3, 3, 3, 5]);
    expect(new Run(9, { down: slow }).looks(1, 1, 1, 1)).to.deep.equal([7, 7, 7, 5]);
  });

  it('takes the least change where policies say so, and none where they forbid it', () => {
    const policies = [
      { kind: 'Pods', value: 1, periodMs: 15_000 },
      { kind: 'Percent', value: 100, periodMs: 15_000 },
    ] as const;
    expect(new Run(4, { up: { ...any, select: 'Min', policies } }).look(9).desired).to.equal(5);
    expect(new Run(4, { down: { ...any, select: 'Min', policies } }).look(1).desired).to.equal(3);
    const disabled = { ...any, select: 'Disabled' } as const;
    expect(new Run(4, { down: disabled }).look(1).desired).to.equal(4);
    expect(new Run(4, { up: disabled }).look(9).desired).to.equal(4);
  });

  it('shrinks only when nothing in the window asked for more', () => {
    const down = { ...any, stabilizationWindowMs: 40_000 };
    const run = new Run(5, { down });
    expect(run.looks(5, 1, 2, 1, 1)).to.deep.equal([5, 5, 5, 2, 2]);
    expect(run.looks(1)).to.deep.equal([1]);
  });

  it('begins as if what runs now had been asked for', () => {
    const run = new Run(4, { down: { ...any, stabilizationWindowMs: 20_000 } });
    expect(run.looks(1, 1, 1)).to.deep.equal([4, 4, 1]);
    expect(run.look(1).reason).to.equal('1');
  });

  it('undoes at the next look what somebody asked for by hand', () => {
    const run = new Run(1, { down: { ...any, stabilizationWindowMs: 30_000 } });
    run.looks(1, 1, 1);
    run.current = 4;
    expect(run.looks(1)).to.deep.equal([1]);
  });

  it('grows only when all of the window asked for more', () => {
    const up = { ...any, stabilizationWindowMs: 20_000 };
    expect(new Run(1, { up }).looks(1, 2, 2, 2)).to.deep.equal([1, 1, 2, 2]);
  });

  it('grows but never shrinks while a metric cannot be read', () => {
    const run = new Run(3);
    expect(run.look(5, 'unknown').desired).to.equal(5);
    expect(run.look(1, 'unknown')).to.include({
      desired: 5,
      reason: 'no value; fewer would be a guess',
    });
    expect(run.look('unknown')).to.include({ desired: 5, reason: 'no value' });
  });

  it('leaves alone what somebody switched off', () => {
    expect(new Run(0).look(5)).to.include({ desired: 0 });
  });
});
