import { expect } from 'chai';
import { formatDifference, formatDuration, timeTicks } from './duration.ts';
import { nearestPoint, scatterPlot } from './scatter.ts';
import { legacyParams, summarise } from './legacy-search.ts';
import { anySearch, lookbackMs, parseTags, searchParams } from './search.ts';
import { readSummaries, type Summary } from './summary.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('a search', () => {
  it('asks Jaeger for what was filled in, and for nothing else', () => {
    const params = searchParams({ ...anySearch, service: 'orders', lookback: '1h' }, now);
    expect(Object.fromEntries(params)).to.deep.equal({
      'query.serviceName': 'orders',
      'query.startTimeMin': '2026-01-02T02:04:05.000Z',
      'query.startTimeMax': '2026-01-02T03:04:05.000Z',
      'query.searchDepth': '100',
    });
  });

  it('asks for tags, errors, version and durations', () => {
    const params = searchParams(
      {
        ...anySearch,
        tags: 'http.route=/cart note="a \\"b\\" c"',
        errors: 'only',
        version: '1.1.0',
        minDuration: '250 ms',
        limit: '999999',
      },
      now,
    );
    expect(JSON.parse(params.get('query.attributes') ?? '')).to.deep.equal({
      'http.route': '/cart',
      note: 'a "b" c',
      error: 'true',
      'service.version': '1.1.0',
    });
    expect(params.get('query.durationMin')).to.equal('250ms');
    expect(params.get('query.searchDepth')).to.equal('100');
  });

  it('looks for origins among the errors of that service', () => {
    const params = searchParams({ ...anySearch, service: 'orders', origin: 'payments' }, now);
    expect(params.get('query.serviceName')).to.equal('payments');
    expect(params.get('query.attributes')).to.equal('{"error":"true"}');
  });

  it('says what it cannot understand', () => {
    const ask = (part: object) => () => searchParams({ ...anySearch, ...part }, now);
    expect(ask({ tags: 'broken' })).to.throw(RangeError, "expected key=value at 'broken'");
    expect(ask({ tags: 'a=1 "' })).to.throw(RangeError, 'key=value');
    expect(ask({ minDuration: '5 parsecs' })).to.throw(RangeError, 'shortest');
    expect(ask({ lookback: 'ever' })).to.throw(RangeError, 'lookback');
  });

  it('asks an older Jaeger for the same', () => {
    const search = { ...anySearch, service: 'orders', errors: 'only', minDuration: '1s' } as const;
    expect(Object.fromEntries(legacyParams(searchParams(search, now)))).to.deep.equal({
      service: 'orders',
      start: String((now - 900_000) * 1_000),
      end: String(now * 1_000),
      minDuration: '1s',
      tags: '{"error":"true"}',
      limit: '100',
    });
  });

  it('reads tags and lookbacks', () => {
    expect(parseTags('  ')).to.deep.equal([]);
    expect(parseTags('a=1  b=""')).to.deep.equal([
      ['a', '1'],
      ['b', ''],
    ]);
    expect(['90s', '2h', '0m', '', '1w'].map(lookbackMs)).to.deep.equal([
      90_000,
      7_200_000,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('what a search finds', () => {
  it('is read in microseconds, and garbage as nothing', () => {
    const [summary, garbage] = readSummaries({
      summaries: [
        {
          traceId: 'ab',
          rootServiceName: 'gateway',
          rootOperationName: 'GET /',
          minStartTimeUnixNano: '1795361648431000500',
          maxEndTimeUnixNano: '1795361648445660858',
          spanCount: 9,
          errorSpanCount: 1,
          services: [{ name: 'gateway', spanCount: 3, errorSpanCount: 1 }],
        },
        'what',
      ],
    });
    expect(summary).to.include({ startUs: 1_795_361_648_431_000, durationUs: 14_660, errors: 1 });
    expect(garbage).to.include({ id: '', durationUs: 0 });
    expect(readSummaries({})).to.deep.equal([]);
  });

  it('is summed up from whole traces, where an older Jaeger gives them', () => {
    const span = (spanID: string, startTime: number, more: object = {}) => ({
      ...{ traceID: 't', spanID, operationName: spanID, processID: 'p1', startTime, duration: 10 },
      ...more,
    });
    const error = { tags: [{ key: 'error', value: true }] };
    const lost = { references: [{ traceID: 't', spanID: 'gone' }] };
    const spans = [span('late', 15, { ...lost, ...error }), span('root', 5)];
    const processes = { p1: { serviceName: 'orders' } };
    expect(summarise({ data: [{ traceID: 't', spans, processes }] })).to.deep.equal([
      {
        id: 't',
        service: 'orders',
        operation: 'root',
        startUs: 5,
        durationUs: 20,
        spans: 2,
        errors: 1,
        orphans: 1,
        services: [{ name: 'orders', spans: 2, errors: 1 }],
      },
    ]);
  });

  const found = (startUs: number, durationUs: number, errors = 0): Summary => ({
    ...{ id: `${startUs}`, service: 's', operation: 'o', spans: 1, orphans: 0, services: [] },
    ...{ startUs, durationUs, errors },
  });

  it('is drawn over time and by duration, errors on top', () => {
    const plot = scatterPlot([found(0, 50, 1), found(60e6, 5_000)], { width: 600, height: 200 });
    expect(plot.points.map(({ summary }) => summary.id)).to.deep.equal(['60000000', '0']);
    const [late, early] = plot.points;
    expect(late && early && late.x > early.x && late.y < early.y).to.equal(true);
    expect(plot.durations.map(({ us }) => us)).to.deep.equal([10, 100, 1_000, 10_000]);
    expect(plot.times.every(({ x }) => x >= 0 && x <= 600)).to.equal(true);
    expect(nearestPoint(plot, { x: (early?.x ?? 0) + 3, y: early?.y ?? 0 }, 5)).to.equal(early);
    expect(nearestPoint(plot, { x: 300, y: 100 }, 5)).to.equal(undefined);
  });

  it('has a place on the plot also alone, and without any duration', () => {
    const { points } = scatterPlot([found(5e6, 0)], { width: 600, height: 200 });
    expect(points[0]).to.include({ x: 300, y: 200 });
    expect(scatterPlot([], { width: 1, height: 1 }).points).to.deep.equal([]);
  });
});

describe('durations', () => {
  it('have three digits and a unit', () => {
    const texts = [0, 7, 999, 1_000, 1_234, 12_345, 123_456, 999_800, 1_500_000, 65e6, 3_720e6];
    expect(texts.map(formatDuration)).to.deep.equal([
      '0 µs',
      '7 µs',
      '999 µs',
      '1.00 ms',
      '1.23 ms',
      '12.3 ms',
      '123 ms',
      '1.00 s',
      '1.50 s',
      '1 min 05 s',
      '1 h 02 min',
    ]);
  });

  it('say by how much they differ', () => {
    expect([0, 1_500, -1_500].map(formatDifference)).to.deep.equal(['±0', '+1.50 ms', '−1.50 ms']);
  });

  it('get round ticks', () => {
    expect(timeTicks(100, 4)).to.deep.equal([0, 25, 50, 75, 100]);
    expect(timeTicks(1_031_739, 5)).to.deep.equal([0, 250_000, 500_000, 750_000, 1_000_000]);
    expect(timeTicks(0, 4)).to.deep.equal([0]);
  });
});
