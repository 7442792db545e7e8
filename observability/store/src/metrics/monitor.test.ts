import { expect } from 'chai';
import fc from 'fast-check';
import { eachSpan } from '../../test/support/fill.ts';
import { id, span } from '../../test/support/otlp.ts';
import { TraceStore } from '../storage/trace-store.ts';
import { SpanScan } from '../wire/span-scan.ts';
import { monitor, type MonitorQuery } from './monitor.ts';
import { STEP_MS, STEPS } from './series.ts';
import { SpanMetrics } from './span-metrics.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

const query: MonitorQuery = {
  measure: 'calls',
  services: ['gateway'],
  kinds: ['server'],
  groupByOperation: false,
  endMs: NOW_MS,
  lookbackMs: 0,
  stepMs: MINUTE_MS,
  ratePerMs: 10 * MINUTE_MS,
  quantile: 0.5,
};

describe('monitor', () => {
  it('counts the calls of a window, as looking at each call would', () => {
    const calls = fc.array(fc.integer({ min: -100, max: 0 }), { maxLength: 60 });
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 40 }), (minutes, windowMinutes) => {
        const metrics = record(minutes.toSorted((a, b) => a - b).map((minute) => ({ minute })));
        const ratePerMs = windowMinutes * MINUTE_MS;
        const [series] = monitor(metrics, { ...query, ratePerMs });
        const counted = (series?.points.at(-1)?.value ?? 0) * (ratePerMs / 1_000);
        const oldest = (-STEPS * STEP_MS) / MINUTE_MS;
        const latest = Math.max(...minutes, -Infinity);
        // A series remembers so long before its own latest call.
        const known = minutes.filter((minute) => minute > latest + oldest);
        const expected = known.filter((minute) => minute > -windowMinutes).length;
        expect(Math.round(counted)).to.equal(expected);
      }),
    );
  });

  it('has a point for each step since the first call', () => {
    const metrics = record([{ minute: -5 }, { minute: -1 }]);
    const [series] = monitor(metrics, { ...query, lookbackMs: 10 * MINUTE_MS });
    expect(series?.points.map(({ atMs }) => (atMs - NOW_MS) / MINUTE_MS)).to.deep.equal([
      -5, -4, -3, -2, -1, 0,
    ]);
  });

  it('leaves out points at which there were no calls to take a share or quantile of', () => {
    const metrics = record([{ minute: -60, isError: true }]);
    for (const measure of ['errors', 'latencies'] as const) {
      const [series] = monitor(metrics, { ...query, measure, lookbackMs: 70 * MINUTE_MS });
      expect(series?.points.length).to.equal(10);
    }
  });

  it('adds versions of a service together', () => {
    const metrics = record([
      { minute: 0, version: '1' },
      { minute: 0, version: '2', isError: true },
    ]);
    const [series, ...others] = monitor(metrics, { ...query, measure: 'errors' });
    expect([series?.points.at(-1)?.value, others]).to.deep.equal([0.5, []]);
  });
});

describe('SpanMetrics', () => {
  it('calls slow what takes longer than all but a hundredth, once it has seen enough', () => {
    const metrics = record(Array.from({ length: 99 }, () => ({ minute: 0, durationMs: 5 })));
    const verdicts: boolean[] = [];
    const judge = (durationMs: number) =>
      each({ minute: 0, durationMs }, ({ resource, scan }) => {
        const series = metrics.of(resource, scan);
        verdicts.push(series.isSlow(scan));
        series.record(scan, NOW_MS);
      });
    for (const durationMs of [500, 500, 5]) judge(durationMs);
    expect(verdicts).to.deep.equal([false, true, false]);
  });

  it('counts what has too many names together', () => {
    const metrics = record(
      Array.from({ length: 1_500 }, (_, n) => ({ minute: 0, name: `GET /${n}` })),
    );
    const all = [...metrics.series()];
    expect(all.length).to.be.at.most(1_001);
    expect(all.reduce((sum, { calls }) => sum + calls, 0)).to.equal(1_500);
    expect(all.at(-1)?.operation).to.equal('other');
  });

  it('keeps no name that is no name', () => {
    const metrics = record([{ minute: 0, name: 'x'.repeat(100_000) }]);
    expect([...metrics.series()].map(({ operation }) => operation)).to.deep.equal(['other']);
  });
});

type Call = {
  /** From {@link NOW_MS}. */
  minute: number;
  durationMs?: number;
  isError?: boolean;
  version?: string;
  name?: string;
};

function record(calls: readonly Call[]): SpanMetrics {
  const metrics = new SpanMetrics();
  for (const call of calls) {
    each(call, ({ resource, scan }) => {
      metrics.of(resource, scan).record(scan, NOW_MS + call.minute * MINUTE_MS);
    });
  }
  return metrics;
}

/** Calls `use` with the call as a scanned span. */
function each(
  { durationMs = 5, isError = false, version = '1', name = 'GET /' }: Call,
  use: (of: { resource: Parameters<SpanMetrics['of']>[0]; scan: SpanScan }) => void,
): void {
  const store = new TraceStore({ maxBytes: 1_024 * 1_024 });
  const one = { ...span({ spanId: id(1), name, durationMs }), status: { code: isError ? 2 : 0 } };
  eachSpan(store, { spans: [one], whose: { version } });
  const scan = new SpanScan();
  const ref = store.lookUp(one.traceId);
  if (!ref) throw new Error('the span was not stored');
  store.visit(ref, ({ bytes, start, end, resource }) => {
    scan.scan(bytes, start, end);
    use({ resource, scan });
    return true;
  });
}
