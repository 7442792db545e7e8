import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from './config.ts';
import { lanesOf } from './lanes.ts';

describe('the lanes of a test run', () => {
  it('keep together what shares a system, and apart what needs another', () => {
    const files = [
      'local/test/deploys.test.ts',
      'local/test/engine.test.ts',
      'local/src/state/state.test.ts',
      'mesh/proxy/test/pool.test.ts',
      'services/orders/test/process.test.ts',
      'test/cluster/boot.test.ts',
      'test/console.test.ts',
      'test/crash.test.ts',
      'test/deploys.test.ts',
      'test/standalone.test.ts',
      'test/trace.test.ts',
    ];
    expect(lanesOf(files)).to.deep.equal([
      ['test/crash.test.ts', 'test/trace.test.ts', 'test/console.test.ts', 'test/deploys.test.ts'],
      [
        'services/orders/test/process.test.ts',
        'mesh/proxy/test/pool.test.ts',
        'local/src/state/state.test.ts',
      ],
      [
        'local/test/deploys.test.ts',
        'local/test/engine.test.ts',
        'test/cluster/boot.test.ts',
        'test/standalone.test.ts',
      ],
    ]);
  });

  it('know the files that they name', () => {
    const named = readFileSync(join(root, 'tools/lanes.ts'), 'utf8').matchAll(
      /'([^']+\.test\.ts)'/g,
    );
    for (const [, file = ''] of named) expect(existsSync(join(root, file)), file).to.equal(true);
  });

  it('are as few as there is work for', () => {
    expect(lanesOf(['tools/lanes.test.ts'])).to.deep.equal([['tools/lanes.test.ts']]);
    expect(lanesOf([])).to.deep.equal([]);
  });
});
