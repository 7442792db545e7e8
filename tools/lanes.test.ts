import { expect } from 'chai';
import { lanesOf } from './lanes.ts';

describe('the lanes of a test run', () => {
  it('keep together what shares a system, and apart what needs another', () => {
    const files = [
      'local/test/engine.test.ts',
      'services/orders/test/process.test.ts',
      'test/cluster/boot.test.ts',
      'test/console.test.ts',
      'test/crash.test.ts',
      'test/deploys.test.ts',
      'test/standalone.test.ts',
      'test/trace.test.ts',
    ];
    expect(lanesOf(files)).to.deep.equal([
      [
        'services/orders/test/process.test.ts',
        'test/crash.test.ts',
        'test/trace.test.ts',
        'test/console.test.ts',
        'test/deploys.test.ts',
      ],
      ['local/test/engine.test.ts', 'test/cluster/boot.test.ts', 'test/standalone.test.ts'],
    ]);
  });

  it('are as few as there is work for', () => {
    expect(lanesOf(['tools/lanes.test.ts'])).to.deep.equal([['tools/lanes.test.ts']]);
    expect(lanesOf([])).to.deep.equal([]);
  });
});
