import { expect } from 'chai';
import type { Labels, QueryResult } from '../../metrics/model/series.ts';
import { describePromise, promiseRows } from './promises.ts';
import { routeQueries, routeRows } from './red.ts';

function vector(...values: readonly (readonly [Labels, string])[]): QueryResult {
  return {
    resultType: 'vector',
    result: values.map(([metric, value]) => ({ metric, value: [0, value] })),
  };
}

describe('calls by route and version', () => {
  const old = { method: 'GET', route: '/cart', version: '1.0.0' };
  const fresh = { ...old, version: '1.1.0' };

  it('are joined from rates, errors and durations', () => {
    const rows = routeRows({
      rates: vector([fresh, '1'], [old, '9']),
      errors: vector([fresh, '0.5']),
      p95: vector([old, '0.25'], [fresh, 'NaN']),
    });
    expect(rows).to.deep.equal([
      { ...old, perSecond: 9, errorShare: 0, p95Ms: 250 },
      { ...fresh, perSecond: 1, errorShare: 0.5, p95Ms: undefined },
    ]);
  });

  it('are asked for by the name of the service, whatever it is', () => {
    expect(routeQueries('a"b').errors).to.contain('service="a\\"b",status=~"5.."');
  });

  it('are none where nothing is counted', () => {
    expect(routeRows({ rates: vector(), errors: vector(), p95: vector() })).to.deep.equal([]);
  });
});

describe('promises', () => {
  const buy = { journey: 'buy', slo: 'availability' };
  const look = { journey: 'browse', slo: 'latency' };

  it('come with what is left of their budgets, those in danger first', () => {
    const rows = promiseRows({
      budgets: vector([look, '0.05'], [buy, '0.001']),
      left: vector([buy, '0.4'], [look, 'NaN']),
      burn: vector([buy, '3']),
    });
    expect(rows.map(({ journey }) => journey)).to.deep.equal(['buy', 'browse']);
    expect(rows[0]?.objective).to.be.closeTo(0.999, 1e-9);
    expect(rows.map(describePromise)).to.deep.equal([
      '40 % left, going 3.0 times too fast',
      'no requests yet',
    ]);
  });

  it('may be broken for good', () => {
    const row = { journey: 'buy', slo: 'latency', objective: 0.95, left: -2, burn: 20 };
    expect(describePromise(row)).to.equal('used up');
  });
});
