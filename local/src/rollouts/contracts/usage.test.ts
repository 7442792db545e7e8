import { resolve } from 'node:path';
import { expect } from 'chai';
import { readUsage } from './usage.ts';

const root = resolve(import.meta.dirname, '../../../..');

describe('what a service uses of the contracts', () => {
  it('is read off its imports, by name', async () => {
    const usage = await readUsage(root, 'orders');
    const ofInventory = usage.get('inventory');
    expect([...(ofInventory ?? [])])
      .to.include('reserveStock')
      .and.not.include('setStock');
    expect(usage.has('notifications')).to.equal(false);
  });

  it('goes on through contracts that are made of others', async () => {
    const usage = await readUsage(root, 'admin');
    expect(usage.get('catalog')).to.equal('all');
  });
});
