import { expect } from 'chai';
import { choosePortRange } from './port-range.ts';

describe('choosePortRange', () => {
  const usual = { lowest: 20_000, highest: 32_000 };

  it('stays below the ports of outgoing connections', () => {
    expect(choosePortRange('32768\t60999\n')).to.deep.equal(usual);
    expect(choosePortRange('25000 65535')).to.deep.equal({ lowest: 20_000, highest: 25_000 });
    expect(choosePortRange('16000\t65535\n')).to.deep.equal({ lowest: 10_000, highest: 16_000 });
  });

  it('is the usual one where those begin too low, or are not known', () => {
    expect(choosePortRange('1024 65535')).to.deep.equal(usual);
    expect(choosePortRange('')).to.deep.equal(usual);
  });
});
