import { expect } from 'chai';
import { examples } from './examples.ts';
import { promString, rangeUntil, seconds } from './promql.ts';
import { labelNames, namesOf, toLines, toRows } from './series.ts';
import { formatUnit, unitOf } from './unit.ts';

describe('a range of time', () => {
  it('ends on a whole step and has a step that suits', () => {
    expect(rangeUntil(1_000_007_300, '15m', '')).to.deep.equal({
      start: 1_000_005 - 900,
      end: 1_000_005,
      step: 5,
    });
    expect(rangeUntil(1_000_000, '1h', '30s').step).to.equal(30);
  });

  it('says what it cannot understand, and what is too much', () => {
    expect(() => rangeUntil(0, 'ever', '')).to.throw(RangeError, 'range');
    expect(() => rangeUntil(0, '1h', 'tiny')).to.throw(RangeError, 'step');
    expect(() => rangeUntil(0, '24h', '1s')).to.throw(RangeError, '10000 points');
    expect(['10s', '2d', '0s', '5', ''].map(seconds)).to.deep.equal([
      10,
      172_800,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("Prometheus' answers", () => {
  const range = { start: 100, end: 130, step: 10 };
  const matrix = {
    resultType: 'matrix',
    result: [
      { metric: { a: '2', b: 'x' }, values: [[110, '4']] },
      {
        metric: { a: '1', b: 'x' },
        values: [
          [100, '1'],
          [110, 'NaN'],
          [130, '+Inf'],
        ],
      },
    ],
  } as const;

  it('become lines with gaps where there is no value', () => {
    const { times, lines } = toLines(matrix, range);
    expect(times).to.deep.equal([100, 110, 120, 130]);
    expect(lines.map(({ name, values }) => [name, values])).to.deep.equal([
      ['1', [1, null, null, null]],
      ['2', [null, 4, null, null]],
    ]);
    expect(toLines({ resultType: 'scalar', result: [1, '2'] }, range).lines).to.deep.equal([]);
  });

  it('become rows, the greatest first', () => {
    const value = (metric: object, text: string) => ({ metric: { ...metric }, value: [1, text] });
    const vector = {
      resultType: 'vector',
      result: [value({ a: 'x' }, 'NaN'), value({ a: 'y' }, '1'), value({ a: 'z' }, '+Inf')],
    } as unknown as Parameters<typeof toRows>[0]; // tuples, which the helper's type does not say
    expect(toRows(vector).map(({ value: text }) => text)).to.deep.equal(['+Inf', '1', 'NaN']);
    expect(toRows({ resultType: 'scalar', result: [1, '2'] })).to.deep.equal([
      { labels: {}, value: '2' },
    ]);
  });

  it('are named by what tells them apart', () => {
    expect(
      labelNames([
        { a: '1', b: 'x' },
        { a: '2', b: 'x' },
      ]),
    ).to.deep.equal(['a']);
    expect(namesOf([{ __name__: 'up', job: 'x' }])).to.deep.equal(['x']);
    expect(namesOf([{ __name__: 'up' }])).to.deep.equal(['up']);
    expect(
      namesOf([
        { a: '1', b: 'x' },
        { a: '2', b: 'y' },
      ]),
    ).to.deep.equal(['a=1 b=x', 'a=2 b=y']);
    expect(
      namesOf([
        { __name__: 'p', a: '1' },
        { __name__: 'q', a: '1' },
      ]),
    ).to.deep.equal(['p', 'q']);
    expect(namesOf([{}])).to.deep.equal(['value']);
  });
});

describe('units', () => {
  it('are told by the names in a query', () => {
    const units = {
      'service:errors:ratio': 'share',
      'edge:retry_amplification:ratio': 'number',
      'service:latency_ms:p95': 'ms',
      'rate(http_server_request_duration_seconds_count[1m])': 'number',
      'histogram_quantile(0.9, rate(x_seconds_bucket[1m]))': 'seconds',
      'histogram_quantile(0.9, rate(response_latency_ms_bucket[1m]))': 'ms',
      process_resident_memory_bytes: 'bytes',
      up: 'number',
    };
    for (const [query, unit] of Object.entries(units)) expect(unitOf(query), query).to.equal(unit);
  });

  it('are written out', () => {
    expect(formatUnit(3_145_728, 'bytes')).to.equal('3 MiB');
    expect(formatUnit(0.25, 'seconds')).to.equal('250 ms');
    expect(formatUnit(0.5, 'share')).to.equal('50 %');
    expect(formatUnit(Number.NaN, 'ms')).to.equal('NaN');
  });
});

describe('PromQL', () => {
  it('gets values as strings', () => {
    expect(promString('a"b\\c\n')).to.equal('"a\\"b\\\\c\\n"');
  });

  it('has examples of each kind', () => {
    expect(examples.flatMap(({ of }) => of.map(({ query }) => query))).to.include(
      'service:requests:rate',
    );
  });
});
