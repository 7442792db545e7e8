import { expect } from 'chai';
import { afterProbe, initialProbeState, type ProbeState } from './probe.ts';

const thresholds = { successThreshold: 2, failureThreshold: 3 };

function verdicts(results: string): string[] {
  let state: ProbeState = initialProbeState;
  return [...results].map((result) => {
    state = afterProbe(state, result === '+' ? 'success' : 'failure', thresholds);
    return state.verdict;
  });
}

describe('probe state', () => {
  it('is healthy after successThreshold successes in a row', () => {
    expect(verdicts('+-++')).to.deep.equal(['unknown', 'unknown', 'unknown', 'healthy']);
  });

  it('has failed after failureThreshold failures in a row, and not before', () => {
    expect(verdicts('++--+---')).to.deep.equal([
      ...['unknown', 'healthy', 'healthy', 'healthy', 'healthy'],
      ...['healthy', 'healthy', 'failed'],
    ]);
  });

  it('recovers from failed', () => {
    expect(verdicts('---+').at(-1)).to.equal('failed');
    expect(verdicts('---++').at(-1)).to.equal('healthy');
  });
});
