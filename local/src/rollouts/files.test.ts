import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { RolloutFiles } from './files.ts';
import { openReport } from './report.ts';
import { newRollout } from './state.ts';

describe('what is kept of rollouts', () => {
  it('is read by the next engine, the latest report once and first', async () => {
    using dir = new TempDir();
    const files = new RolloutFiles({ dir: dir.path, name: 'web', onUnreadable: expect.fail });
    expect([await files.load(), await files.reports()]).to.deep.equal([undefined, []]);
    const opened = openReport({ service: 'web', fromVersion: 'v1', toVersion: 'v2', atMs: 0 });
    const over = { ...opened, ended_at: opened.started_at };
    const saved = { state: newRollout, report: over, requestsBefore: 7 };
    await files.save(saved);
    await files.save({ ...saved, report: { ...over, requests_met: 3 } });
    await files.save({ ...saved, report: { ...over, to_version: 'v3' } });
    const next = new RolloutFiles({ dir: dir.path, name: 'web', onUnreadable: expect.fail });
    expect((await next.load())?.report?.to_version).to.equal('v3');
    const reports = await next.reports();
    expect(reports.map(({ to_version }) => to_version)).to.deep.equal(['v3', 'v2']);
    expect(reports[1]?.requests_met).to.equal(3);
  });

  it('counts as nothing when it cannot be read, and is told', async () => {
    for (const content of ['', '{ "state": ']) {
      using dir = new TempDir();
      const problems: string[] = [];
      const onUnreadable = (problem: string) => void problems.push(problem);
      const files = new RolloutFiles({ dir: dir.path, name: 'web', onUnreadable });
      dir.write('web.json', content);
      dir.write('reports/web.json', content);
      expect([await files.load(), await files.reports()]).to.deep.equal([undefined, []]);
      expect(problems).to.have.length(2);
      expect(problems[0]).to.include('begin anew without').and.include('web.json');
      const report = openReport({ service: 'web', fromVersion: null, toVersion: 'v2', atMs: 0 });
      const ended = { ...report, ended_at: report.started_at };
      await files.save({ state: newRollout, report: ended, requestsBefore: null });
      const kept = await readFile(dir.join('reports', 'web.json'), 'utf8');
      expect(JSON.parse(kept)).to.have.length(1);
    }
  });
});
