import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import type { Deployment, ProbeSpec } from '../manifests/model.ts';
import { watchHealth } from './health.ts';

const probe = (path: string, changes: Partial<ProbeSpec> = {}): ProbeSpec => ({
  path,
  port: 'admin',
  initialDelayMs: 0,
  periodMs: 1000,
  timeoutMs: 1000,
  successThreshold: 1,
  failureThreshold: 3,
  ...changes,
});

/** Watches a container whose paths answer as `healthy` says. */
async function watch(probes: Deployment['probes'], healthy: Record<string, boolean>) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const asked: string[] = [];
  const changes: boolean[] = [];
  const outcome = watchHealth({
    probes,
    clock,
    signal: stop.signal,
    check: async ({ path }) => {
      asked.push(path);
      return healthy[path] === true ? 'success' : 'failure';
    },
    onReady: (ready) => changes.push(ready),
  });
  // The first question is asked before any time passes.
  await new Promise(setImmediate);
  return { clock, asked, changes, healthy, outcome, stop: () => stop.abort() };
}

describe('container health', () => {
  it('asks a starting container every 100 ms, whatever its period', async () => {
    const one = await watch({ startup: probe('/up', { periodMs: 5000 }) }, {});
    await one.clock.advance(1000);
    expect(one.asked.length).to.be.within(10, 12);
    one.stop();
    expect(await one.outcome).to.equal(undefined);
  });

  it('gives a starting container period × failureThreshold, then wants it restarted', async () => {
    const one = await watch({ startup: probe('/up', { periodMs: 2000, failureThreshold: 3 }) }, {});
    let outcome: string | undefined;
    void one.outcome.then((value) => (outcome = value));
    await one.clock.advance(5900);
    expect(outcome).to.equal(undefined);
    await one.clock.advance(200);
    expect(outcome).to.equal('startup');
  });

  it('does not ask for liveness or readiness before the container has started', async () => {
    const probes = { startup: probe('/up'), readiness: probe('/ready'), liveness: probe('/live') };
    const one = await watch(probes, { '/live': true });
    await one.clock.advance(2000);
    expect(new Set(one.asked)).to.deep.equal(new Set(['/up']));
    one.healthy['/up'] = true;
    await one.clock.advance(2500);
    expect(one.asked).to.include('/ready').and.include('/live');
    one.stop();
  });

  it('tells readiness when it changes, by the probe’s thresholds', async () => {
    const one = await watch(
      { readiness: probe('/ready', { failureThreshold: 2 }) },
      { '/ready': true },
    );
    await one.clock.advance(10);
    expect(one.changes).to.deep.equal([true]);
    one.healthy['/ready'] = false;
    await one.clock.advance(1000);
    expect(one.changes, 'one failure is not enough').to.deep.equal([true]);
    await one.clock.advance(1000);
    expect(one.changes).to.deep.equal([true, false]);
    one.healthy['/ready'] = true;
    await one.clock.advance(1000);
    expect(one.changes).to.deep.equal([true, false, true]);
    one.stop();
  });

  it('is ready at once without a readiness probe', async () => {
    const one = await watch({}, {});
    await one.clock.advance(1);
    expect(one.changes).to.deep.equal([true]);
    one.stop();
  });

  it('wants a container restarted that stays without a sign of life', async () => {
    const one = await watch({ liveness: probe('/live') }, { '/live': true });
    await one.clock.advance(5000);
    one.healthy['/live'] = false;
    await one.clock.advance(3100);
    expect(await one.outcome).to.equal('liveness');
  });
});
