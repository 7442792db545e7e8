import { expect } from 'chai';
import { effectiveTimeouts, parseAccrual, parseRetry, parseTimeouts } from '../src/annotations.ts';
import { parseDuration, parseGoDuration } from '../src/duration.ts';

describe('durations', () => {
  const good: [string, number][] = [
    ['300ms', 300],
    ['5s', 5_000],
    ['1m', 60_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0', 0],
    [' 10s ', 10_000],
    ['0s', 0],
  ];
  for (const [text, ms] of good)
    it(`of annotations: '${text}'`, () => expect(parseDuration(text)).to.equal(ms));
  for (const text of ['5', '1m30s', '1.5s', '-1s', '+1s', '1 s', '10us', '', 's', '1w']) {
    it(`of annotations are not: '${text}'`, () => expect(parseDuration(text)).to.equal(undefined));
  }
  it('of Go may be fractions and sums', () => {
    expect(parseGoDuration('1m30s')).to.equal(90_000);
    expect(parseGoDuration('1.5s')).to.equal(1_500);
    expect(parseGoDuration('250us')).to.equal(0.25);
    for (const text of ['', '5', '1m ', '-1s', '1x', '.s'])
      expect(parseGoDuration(text), text).to.equal(undefined);
  });
});

describe('annotations', () => {
  it('give timeouts, and the route’s set replaces the Service’s whole', () => {
    const service = { requestMs: 300 };
    expect(parseTimeouts({ 'timeout.linkerd.io/idle': '1s' })).to.deep.equal({
      ok: true,
      value: { idleMs: 1_000 },
    });
    expect(parseTimeouts({})).to.deep.equal({ ok: true, value: undefined });
    expect(effectiveTimeouts({ idleMs: 1_000 }, service)).to.deep.equal({ idleMs: 1_000 });
    expect(effectiveTimeouts(undefined, service)).to.deep.equal(service);
    expect(effectiveTimeouts({ requestMs: 0 }, service)).to.deep.equal({});
    expect(parseTimeouts({ 'timeout.linkerd.io/request': '5' })).to.include({
      ok: false,
      key: 'timeout.linkerd.io/request',
    });
  });

  const retry = (annotations: Record<string, string>) =>
    parseRetry(
      Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`retry.linkerd.io/${key}`, value]),
      ),
    );

  it('give retries: one more try by default, and at least one', () => {
    expect(retry({})).to.deep.equal({ ok: true, value: undefined });
    expect(retry({ http: '5xx' })).to.deep.equal({
      ok: true,
      value: { statuses: [[500, 599]], grpcStatuses: [], limit: 1 },
    });
    expect(retry({ limit: '0' })).to.deep.include({
      value: { statuses: [], grpcStatuses: [], limit: 1 },
    });
    expect(
      retry({
        http: 'Gateway-Error,429,500-503',
        grpc: 'Unavailable',
        limit: '3',
        timeout: '100ms',
      }),
    ).to.deep.equal({
      ok: true,
      value: {
        statuses: [
          [502, 504],
          [429, 429],
          [500, 503],
        ],
        grpcStatuses: [14],
        limit: 3,
        timeoutMs: 100,
      },
    });
  });
  for (const bad of [
    { http: '5xx, 404' },
    { http: '' },
    { http: '99' },
    { http: '503-500' },
    { grpc: 'oops' },
    { limit: '-1' },
    { limit: '70000' },
    { timeout: '1m30s' },
  ]) {
    it(`refuse ${JSON.stringify(bad)}`, () => expect(retry(bad)).to.include({ ok: false }));
  }

  const prefix = 'balancer.linkerd.io/failure-accrual';
  it('give a breaker with linkerd’s defaults, or none', () => {
    expect(parseAccrual({})).to.deep.equal({ ok: true, value: undefined });
    expect(parseAccrual({ [prefix]: 'consecutive' })).to.deep.equal({
      ok: true,
      value: { maxFailures: 7, backoff: { minMs: 1_000, maxMs: 60_000, jitterRatio: 0.5 } },
    });
    expect(parseAccrual({ [prefix]: 'unified' })).to.deep.nested.include({
      'value.successRate': { threshold: 0.8, windowMs: 10_000, minRequests: 5 },
    });
  });
  it('refuse a breaker that cannot work', () => {
    expect(parseAccrual({ [prefix]: 'sometimes' })).to.include({ ok: false });
    expect(
      parseAccrual({ [prefix]: 'consecutive', [`${prefix}-consecutive-min-penalty`]: '2m' }),
    ).to.include({ ok: false });
    expect(
      parseAccrual({ [prefix]: 'consecutive', [`${prefix}-consecutive-jitter-ratio`]: '101' }),
    ).to.include({ ok: false });
    expect(
      parseAccrual({ [prefix]: 'consecutive', [`${prefix}-consecutive-max-failures`]: 'x' }),
    ).to.include({ ok: false });
  });
});
