import { existsSync, rmSync } from 'node:fs';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { targetsPath } from '../metrics/targets-file.ts';
import { ProcessGuard } from '../process/guard.ts';
import { Observers } from './observers.ts';

describe('observers', () => {
  let dir: TempDir;
  let guard: ProcessGuard;

  beforeEach(() => {
    dir = new TempDir();
    guard = new ProcessGuard();
  });
  afterEach(() => {
    guard.close();
    dir[Symbol.dispose]();
  });

  it('go on without a list of targets, and say once why', async () => {
    const problems: string[] = [];
    const observers = new Observers({
      dataDir: dir.write('state', 'no folder'),
      logsDir: dir.join('logs'),
      compileCacheDir: dir.join('cache'),
      controlSocket: dir.join('control.sock'),
      ports: { prometheus: 1, traces: { query: 2, otlp: 3, admin: 4, console: 5 } },
      // Both are somebody else's, so that none is started here.
      env: { PROMETHEUS_URL: 'http://prometheus', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://traces' },
      clock: new FakeClock(),
      guard,
      onChange: () => undefined,
      onProblem: (reason) => void problems.push(reason),
    });
    await Promise.all([observers.show([]), observers.show([])]);
    await observers.show([]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/^write the targets: ENOTDIR/);
    rmSync(dir.join('state'));
    await observers.show([]);
    expect(existsSync(targetsPath(dir.join('state', 'prometheus')))).to.equal(true);
    expect(problems).to.have.length(1);
    await observers.stop();
  });
});
