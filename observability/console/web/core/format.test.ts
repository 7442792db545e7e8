import { expect } from 'chai';
import { formatMs, formatNumber, formatShare } from './format.ts';

describe('numbers for people', () => {
  it('have as many digits as matter', () => {
    const all = [0, 0.0512, 3.44, 12.4, 180.3, 23_400].map(formatNumber);
    expect(all).to.deep.equal(['0', '0.051', '3.4', '12', '180', '23k']);
  });

  it('say durations in the unit they are thought of in', () => {
    const all = [0.24, 34, 1_240, 240_000].map(formatMs);
    expect(all).to.deep.equal(['0.24 ms', '34 ms', '1.2 s', '4 min']);
  });

  it('never show some as none', () => {
    const all = [0, 0.0002, 0.034, 0.5, 1].map(formatShare);
    expect(all).to.deep.equal(['0 %', '< 0.1 %', '3.4 %', '50 %', '100 %']);
  });
});
