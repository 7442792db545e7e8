import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { prometheus } from './prometheus.ts';

type Sample = readonly [number, string];

function answering(status: number, body: unknown) {
  const asked: string[] = [];
  const source = prometheus({
    url: 'http://127.0.0.1:9090/base',
    clock: new FakeClock(),
    fetch: async (url) => {
      asked.push(url);
      return { status, text: async () => (typeof body === 'string' ? body : JSON.stringify(body)) };
    },
  });
  return { source, asked };
}

function vector(...samples: readonly Sample[]): unknown {
  const result = samples.map((value) => ({ metric: {}, value }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

describe('asking Prometheus', () => {
  it('sends the query on one line', async () => {
    const { source, asked } = answering(200, vector([1, '5.5']));
    expect(await source.query('sum(\n  up{a="b"}\n)')).to.equal(5.5);
    const url = new URL(asked[0] ?? '');
    expect(url.pathname).to.equal('/base/api/v1/query');
    expect(url.searchParams.get('query')).to.equal('sum( up{a="b"} )');
  });

  it('takes the last of many series, as Flagger does, and scalars', async () => {
    expect(await answering(200, vector([1, '1'], [1, '2'])).source.query('x')).to.equal(2);
    const scalar = { status: 'success', data: { resultType: 'scalar', result: [1, '3'] } };
    expect(await answering(200, scalar).source.query('3')).to.equal(3);
    expect(await answering(200, vector([1, '+Inf'])).source.query('x')).to.equal(Infinity);
    expect(await answering(200, vector([1, '-Inf'])).source.query('x')).to.equal(-Infinity);
  });

  it('has no value where there is no series, or not a number', async () => {
    expect(await answering(200, vector()).source.query('x')).to.equal(undefined);
    expect(await answering(200, vector([1, 'NaN'])).source.query('x')).to.equal(undefined);
  });

  it('says what Prometheus says when it does not understand', async () => {
    const failure = { status: 'error', errorType: 'bad_data', error: 'parse error at char 3' };
    for (const [status, body, reason] of [
      [400, failure, 'it answered 400: parse error at char 3'],
      [502, '<html>', 'it answered 502: <html>'],
      [200, '{"status":"success"', 'it answered 200'],
      [
        200,
        { status: 'success', data: { resultType: 'matrix', result: [] } },
        'expected one value',
      ],
    ] as const) {
      const told = await answering(status, body).source.query('x').catch(String);
      expect(told).to.include(reason);
    }
  });
});
