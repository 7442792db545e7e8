import { expect } from 'chai';
import { actionsFor, latestChecks, type Rollout, sortRollouts } from './rollout.ts';

describe('rollouts', () => {
  const side = { version: '1', replicas: 1, ready: 1 };
  const rollout = (service: string, phase: string): Rollout => ({
    service,
    phase,
    weight: 0,
    failed_checks: 0,
    threshold: 2,
    paused: false,
    interval_ms: 1_000,
    primary: side,
    canary: null,
    message: null,
    report: null,
  });

  it('offer what their phase lets one do', () => {
    expect(actionsFor({ phase: 'Progressing', paused: false })).to.deep.equal([
      'pause',
      'promote',
      'abort',
    ]);
    expect(actionsFor({ phase: 'WaitingPromotion', paused: true })[0]).to.equal('resume');
    expect(actionsFor({ phase: 'Waiting', paused: false })).to.deep.equal(['abort']);
    expect(actionsFor({ phase: 'Succeeded', paused: false })).to.deep.equal([]);
  });

  it('come with those first that move, then those that were undone', () => {
    const all = [rollout('a', 'Initialized'), rollout('b', 'Failed'), rollout('c', 'Progressing')];
    expect(sortRollouts(all).map(({ service }) => service)).to.deep.equal(['c', 'b', 'a']);
  });

  it('show the latest verdict of each check', () => {
    const check = (metric: string, verdict: string) => ({
      at: '',
      weight: 10,
      metric,
      query: '',
      verdict,
      value: 1,
      reason: null,
    });
    const checks = [check('success', 'pass'), check('latency', 'pass'), check('success', 'fail')];
    expect(
      latestChecks({ checks }).map(({ metric, verdict }) => `${metric} ${verdict}`),
    ).to.deep.equal(['success fail', 'latency pass']);
  });
});
