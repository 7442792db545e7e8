import { expect } from 'chai';
import {
  formatReport,
  openReport,
  recordTick,
  replaceReport,
  type RolloutReport,
} from './report.ts';
import type { Verdict } from './verdict.ts';
import { bad, good, World } from './testing/world.ts';

const startMs = Date.UTC(2026, 0, 1);

/** Runs ten seconds a tick; the verdicts are those of `seen`, the last one to the end. */
function follow(seen: readonly Verdict[], ticks: number): RolloutReport {
  const world = World.withNewVersion(
    '{ interval: 10s, stepWeight: 20, maxWeight: 60, threshold: 2 }',
  );
  let report = openReport({
    service: 'orders',
    fromVersion: '1.0.0',
    toVersion: '1.1.0',
    atMs: startMs,
  });
  for (let count = 0; count < ticks; count++) {
    const before = world.state.phase;
    const verdict = seen[Math.min(count, seen.length - 1)] ?? good;
    world.metrics = [verdict];
    const told = world.messages.length;
    const actions = [...world.tick()];
    const events = world.messages
      .slice(told)
      .map((message) => ({ type: 'Normal', message }) as const);
    report = recordTick(report, {
      atMs: startMs + count * 10_000,
      before,
      result: { state: world.state, actions, events },
      // The first look at a new version has nothing to judge.
      verdicts: before === 'Progressing' && count > 1 ? [verdict] : [],
      requestsMet: count < 5 ? count * 7 : undefined,
    });
  }
  return report;
}

describe('a rollout’s report', () => {
  it('of a bad version tells how many met it, and how long it took to see and to undo', () => {
    const report = follow([bad], 8);
    expect(report).to.deep.include({
      outcome: 'rolled-back',
      phase: 'Failed',
      first_traffic_at: '2026-01-01T00:00:10.000Z',
      first_failure_at: '2026-01-01T00:00:20.000Z',
      time_to_detect_ms: 10_000,
      time_to_safe_ms: 30_000,
      ended_at: '2026-01-01T00:00:40.000Z',
      requests_met: 28,
    });
    expect(report.weights.map(({ weight }) => weight)).to.deep.equal([20, 0]);
    expect(report.checks[0]).to.deep.equal({
      at: '2026-01-01T00:00:20.000Z',
      weight: 20,
      metric: 'success',
      query: 'q',
      verdict: 'fail',
      value: 90,
      reason: 'success 90.00 < 99',
    });
    expect(report.events.map(({ message }) => message)).to.include(
      'Rolling back podinfo.test failed checks threshold reached 2',
    );
  });

  it('of a good version tells its way to all traffic, and no time to safe', () => {
    const report = follow([good], 9);
    expect(report).to.deep.include({
      outcome: 'promoted',
      time_to_detect_ms: null,
      time_to_safe_ms: null,
    });
    expect(report.weights.map(({ weight }) => weight)).to.deep.equal([20, 40, 60, 0]);
  });

  it('does not change once it is over', () => {
    const report = follow([good], 9);
    expect(follow([good], 20)).to.deep.equal(report);
    expect(replaceReport(report, startMs)).to.equal(report);
    const replaced = replaceReport(follow([good], 3), startMs + 60_000);
    expect(replaced).to.include({ outcome: 'replaced', ended_at: '2026-01-01T00:01:00.000Z' });
  });

  it('is read by people', () => {
    const table = (rows: readonly (readonly string[])[]) =>
      rows.map((row) => `${row.join('|')}\n`).join('');
    const text = formatReport(follow([bad], 8), table);
    expect(text).to.include('orders: 1.0.0 → 1.1.0, rolled-back (Failed)');
    expect(text).to.include('traffic: 20 % at 10.0 s, 0 % at 40.0 s');
    expect(text).to.include(
      'requests that met it: 28\ntime to detect: 10.0 s\ntime to safe: 30.0 s',
    );
    expect(text).to.include('20.0 s|20 %|success|fail|90|success 90.00 < 99');
  });
});
