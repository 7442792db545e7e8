import { expect } from 'chai';
import { splitWords } from './split-words.ts';

describe('the words for how versions share a service', () => {
  const versions = (...shares: [version: string, share: number][]) =>
    shares.map(([version, share]) => ({ version, share, instances: 1 }));

  it('are all versions where there is room', () => {
    expect(splitWords(versions(['1.0.0', 0.9], ['1.0.1', 0.1]))).to.equal(
      '1.0.0 90 % · 1.0.1 10 %',
    );
  });

  it('are the newest alone where there is none', () => {
    const three = versions(['1.0.0', 0], ['1.1.0', 0.9], ['1.2.0', 0.1]);
    expect(splitWords(three)).to.equal('1.2.0 10 %');
  });

  it('keep the end of a long version, by which it differs', () => {
    const two = versions(['1.1.217611317', 0.8], ['1.1.217611476-bad', 0.2]);
    expect(splitWords(two)).to.equal('…217611476-bad 20 %');
  });
});
