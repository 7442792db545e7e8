import { expect } from 'chai';
import type { InstancePolicy, RoutesReport } from './mesh-report.ts';
import { describePolicy, inWords } from './policy-words.ts';
import { describeBreaker, describeRoutes } from './route-words.ts';

const identity = (name: string) => `${name}.default.serviceaccount.identity.linkerd.cluster.local`;

function policyOf(server: Partial<InstancePolicy['servers'][number]>): readonly string[] {
  const servers = [{ port: 8080, ref: { name: 'http' }, authorizations: [], ...server }];
  return describePolicy({ name: 'orders-1', servers, default: [] })[0]?.sentences ?? [];
}

describe('policy in words', () => {
  it('names who may call', () => {
    const identities = ['gateway', 'admin', 'orders'].map(identity);
    const authorizations = [{ name: 'callers', authentication: { identities } }];
    expect(policyOf({ authorizations })).to.deep.equal([
      'gateway, admin and orders may call it, proved by mTLS.',
      'Everyone else is answered 403.',
    ]);
  });

  it('tells a closed port from an open one, and networks from identities', () => {
    expect(policyOf({})[0]).to.match(/^Nobody/);
    const grant = (authentication: object) =>
      policyOf({ authorizations: [{ name: 'x', authentication }] });
    expect(grant({})).to.deep.equal(['Anyone may call it, with or without an identity.']);
    expect(grant({ identities: ['*'] })[0]).to.equal(
      'Any member of the mesh may call it, proved by mTLS.',
    );
    const networks = ['10.0.0.0/8', '::1/128', '127.0.0.0/8', 'fd00::/8'].map((cidr) => ({ cidr }));
    expect(grant({ networks })[0]).to.equal(
      'Anyone from 10.0.0.0/8, ::1/128 and 2 more networks may call it, with or without an identity.',
    );
  });

  it('says how much is taken', () => {
    const rateLimit = {
      ref: { name: 'limit' },
      totalPerSecond: 1_000,
      identityPerSecond: 500,
      overrides: [{ perSecond: 100, identities: [identity('admin')] }],
    };
    expect(policyOf({ rateLimit }).at(-1)).to.equal(
      'It takes 1000 in all, 500 from each caller and 100 from admin each a second; more is answered 429.',
    );
  });

  it('says what applies where no Server is', () => {
    const defaults = [{ name: 'all-unauthenticated' }];
    const [only] = describePolicy({ name: 'a', servers: [], default: defaults });
    expect(only?.sentences).to.deep.equal(['No Server covers it: all-unauthenticated applies.']);
  });

  it('joins words', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(inWords)).to.deep.equal([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});

describe('routes in words', () => {
  const service = (more: object): RoutesReport => ({
    services: [{ name: 'orders', port: 80, routes: [], timeouts: {}, ...more }],
  });
  const rule = (more: object) =>
    service({
      routes: [
        { ref: { name: 'reads' }, rules: [{ matches: [], backends: [], timeouts: {}, ...more }] },
      ],
    });
  const sentences = (report: RoutesReport) => describeRoutes(report, 'orders')[0]?.sentences;

  it('tell timeouts and retries', () => {
    const retry = {
      statuses: [
        [502, 504],
        [429, 429],
      ] as const,
      limit: 2,
      timeoutMs: 2_000,
    };
    expect(sentences(rule({ timeouts: { requestMs: 5_000 }, retry }))).to.deep.equal([
      'Has 5 s from first byte to last, tries included; then 504.',
      'Is tried again up to 2 times after 502–504 and 429, or no answer within 2 s.',
    ]);
    expect(sentences(rule({ timeouts: { idleMs: 250 } }))).to.deep.equal([
      'May not stand still for longer than 250 ms.',
      'Is sent once, whatever comes of it.',
    ]);
  });

  it('tell which calls they are for', () => {
    const matches = [
      { method: 'GET', path: { type: 'PathPrefix', value: '/' } },
      { path: { type: 'PathPrefix', value: '/media' } },
      { method: 'POST', path: { type: 'RegularExpression', value: '/p/[^/]+/(void|refund)' } },
      {
        path: { type: 'Exact', value: '/orders' },
        headers: [{ name: 'Idempotency-Key', match: { type: 'RegularExpression', value: '.+' } }],
      },
    ];
    expect(describeRoutes(rule({ matches }), 'orders')[0]?.calls).to.deep.equal([
      'GET /…',
      '/media/…',
      'POST /p/…/{void|refund}',
      '/orders with Idempotency-Key',
    ]);
  });

  it('tell how versions share calls', () => {
    const backends = [
      { weight: 9, target: { kind: 'service', name: 'orders-primary' } },
      { weight: 1, target: { kind: 'service', name: 'orders-canary' } },
    ];
    expect(sentences(rule({ backends }))?.at(-1)).to.equal(
      'Goes 90 % to orders-primary and 10 % to orders-canary.',
    );
  });

  it('tell of services without routes, and nothing of others', () => {
    expect(describeRoutes(service({}), 'orders')[0]).to.deep.equal({
      name: '',
      calls: ['every call'],
      sentences: ['May take as long as it takes.', 'Is sent once, whatever comes of it.'],
    });
    expect(describeRoutes(service({}), 'payments')).to.deep.equal([]);
  });

  it('tell what the breaker does', () => {
    const backoff = { minMs: 1_000, maxMs: 10_000, jitterRatio: 0.5 };
    expect(describeBreaker(service({ accrual: { maxFailures: 7, backoff } }), 'orders')).to.match(
      /fails 7 times in a row gets no calls for 1 s, then twice as long up to 10 s/,
    );
    expect(describeBreaker(service({}), 'orders')).to.equal(undefined);
  });
});
