import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from './config.ts';
import { type Batch, lanesOf, runLanes } from './lanes.ts';

describe('the lanes of a test run', () => {
  it('keep together what shares a system, and apart what needs another', () => {
    const files = [
      'local/test/deploys.test.ts',
      'local/test/engine.test.ts',
      'mesh/proxy/test/pool.test.ts',
      'services/orders/test/process.test.ts',
      'test/cluster/boot.test.ts',
      'test/console.test.ts',
      'test/crash.test.ts',
      'test/deploys.test.ts',
      'test/standalone.test.ts',
      'test/trace.test.ts',
      'tools/lanes.test.ts',
    ];
    expect(lanesOf(files)).to.deep.equal([
      [
        [
          'mesh/proxy/test/pool.test.ts',
          'test/crash.test.ts',
          'test/trace.test.ts',
          'test/console.test.ts',
          'test/deploys.test.ts',
        ],
      ],
      [
        ['services/orders/test/process.test.ts'],
        ['local/test/engine.test.ts'],
        ['tools/lanes.test.ts'],
      ],
      [['local/test/deploys.test.ts', 'test/cluster/boot.test.ts', 'test/standalone.test.ts']],
    ]);
  });

  it('know the files that they name', () => {
    const named = readFileSync(join(root, 'tools/lanes.ts'), 'utf8').matchAll(
      /'([^']+\.test\.ts)'/g,
    );
    for (const [, file = ''] of named) expect(existsSync(join(root, file)), file).to.equal(true);
  });

  it('are as few as there is work for', () => {
    expect(lanesOf(['tools/lanes.test.ts'])).to.deep.equal([[['tools/lanes.test.ts']]]);
    expect(lanesOf([])).to.deep.equal([]);
  });

  it('take from each other when they are done, and leave nothing out', async () => {
    const lanes = [[['slow']], [['a1'], ['a2'], ['a3'], ['a4']], [['b1']]];
    const slow = Promise.withResolvers<void>();
    const ran: string[] = [];
    const run = async ([file = '']: Batch): Promise<string> => {
      if (file === 'slow') await slow.promise;
      await Promise.resolve();
      ran.push(file);
      if (ran.length === 5) slow.resolve();
      return file;
    };
    const outcomes = await runLanes(lanes, run);
    expect(outcomes.toSorted()).to.deep.equal(['a1', 'a2', 'a3', 'a4', 'b1', 'slow']);
    expect(ran.indexOf('a4'), 'the last is taken by another lane').to.be.below(ran.indexOf('a3'));
    expect(ran.at(-1)).to.equal('slow');
  });

  it('begin nothing more when it is over', async () => {
    const ran: string[] = [];
    const run = async ([file = '']: Batch): Promise<void> => void ran.push(file);
    await runLanes([[['a1'], ['a2']]], run, () => ran.length > 0);
    expect(ran).to.deep.equal(['a1']);
  });
});
