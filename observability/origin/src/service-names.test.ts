import { expect } from 'chai';
import { serviceOf } from './service-names.ts';

describe('the names of services', () => {
  it('are those of what Flagger makes parts of', () => {
    const names = ['orders', 'orders-primary', 'orders-canary', '-primary', 'primary'];
    expect(names.map(serviceOf)).to.deep.equal([
      'orders',
      'orders',
      'orders',
      '-primary',
      'primary',
    ]);
  });
});
