import { expect } from 'chai';
import { addressGroup } from './client-address.ts';

describe('addressGroup', () => {
  for (const [address, group] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ] as const) {
    it(`counts ${address} as ${group}`, () => {
      expect(addressGroup(address)).to.equal(group);
    });
  }

  it('bounds what it returns, whatever it is given', () => {
    expect(addressGroup('x'.repeat(10_000))).to.have.length(64);
    expect(addressGroup(':'.repeat(10_000)).length).to.be.at.most(64);
  });
});
