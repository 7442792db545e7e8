import { expect } from 'chai';
import fc from 'fast-check';
import { authorize, type Authorization } from '../src/authorize.ts';
import { isCidr, matchCidr } from '../src/cidr.ts';
import { type GateState, nextGate } from '../src/gate.ts';
import { LocalRateLimit, RateLimiter } from '../src/rate-limit.ts';
import { RetryBudget } from '../src/retry-budget.ts';
import { isRetryable } from '../src/retry.ts';

describe('authorization', () => {
  const grant = (
    name: string,
    authentication: Authorization['authentication'],
    audit = false,
  ): Authorization => ({
    group: 'policy.linkerd.io',
    kind: 'authorizationpolicy',
    name,
    authentication,
    audit,
  });
  const orders = {
    address: '10.0.0.1',
    identity: 'orders.shop.serviceaccount.identity.linkerd.cluster.local',
  };
  const stranger = { address: '192.168.1.1', identity: undefined };

  it('refuses when nothing grants', () => {
    expect(authorize([], orders)).to.deep.include({
      allowed: false,
      reason: 'no policy allows it',
    });
  });

  it('lets in by exact identity, any identity, or a name below a suffix', () => {
    for (const pattern of [
      orders.identity,
      '*',
      '*.shop.serviceaccount.identity.linkerd.cluster.local',
    ]) {
      const decision = authorize([grant('g', { identities: [pattern] })], orders);
      expect(decision.allowed, pattern).to.equal(true);
      expect(authorize([grant('g', { identities: [pattern] })], stranger).allowed).to.equal(false);
    }
    expect(authorize([grant('g', { identities: ['payments.x'] })], orders).allowed).to.equal(false);
  });

  it('wants identity and network where both are asked for', () => {
    const both = grant('g', {
      identities: ['*'],
      networks: [{ cidr: '10.0.0.0/8', except: ['10.0.0.9'] }],
    });
    expect(authorize([both], orders).allowed).to.equal(true);
    expect(authorize([both], { ...orders, address: '10.0.0.9' }).allowed).to.equal(false);
    expect(authorize([both], { ...orders, identity: undefined }).allowed).to.equal(false);
  });

  it('needs one of several grants, and audits only what nothing else allows', () => {
    const grants = [
      grant('audit', {}, true),
      grant('no', { identities: ['x'] }),
      grant('yes', { identities: ['*'] }),
    ];
    const decision = authorize(grants, orders);
    expect(decision.allowed && decision.by.name).to.equal('yes');
    const unknown = authorize(grants, stranger);
    expect(unknown.allowed && unknown.by.name).to.equal('audit');
  });

  it('knows networks of both families', () => {
    expect(matchCidr('0.0.0.0/0', '8.8.8.8')).to.equal(true);
    expect(matchCidr('10.0.0.0/8', '::ffff:10.1.2.3')).to.equal(true);
    expect(matchCidr('::/0', '10.1.2.3')).to.equal(false);
    expect(matchCidr('fd00::/8', 'fd12:3::4')).to.equal(true);
    expect(matchCidr('fd00::/8', 'fe80::1')).to.equal(false);
    expect(matchCidr('10.0.0.1', '10.0.0.1')).to.equal(true);
    for (const text of ['10.0.0.0/33', '10.0.0', '1::2::3', 'x/8', '10.0.0.0/8/8', '::1/129'])
      expect(isCidr(text), text).to.equal(false);
  });
});

describe('rate limits', () => {
  it('let through a burst of one second’s worth, then the rate', () => {
    const limiter = new RateLimiter(5);
    const burst = Array.from({ length: 20 }, () => limiter.take(0)).filter(Boolean);
    expect(burst).to.have.length(5);
    let later = 0;
    for (let nowMs = 0; nowMs <= 5_000; nowMs += 50) if (limiter.take(nowMs)) later++;
    expect(later).to.equal(25);
  });

  it('never let through more than the rate allows in any span', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(500), { maxLength: 200 }),
        (rate, gaps) => {
          const limiter = new RateLimiter(rate);
          let nowMs = 0;
          let passed = 0;
          for (const gapMs of gaps) {
            nowMs += gapMs;
            if (limiter.take(nowMs)) passed++;
          }
          expect(passed).to.be.at.most(rate + Math.ceil((nowMs / 1_000) * rate));
        },
      ),
    );
  });

  it('ask the total first, then an override in place of the identity’s own limit', () => {
    const limit = new LocalRateLimit({
      totalPerSecond: 10,
      identityPerSecond: 2,
      overrides: [{ identities: ['vip'], perSecond: 5 }],
    });
    const refusals = (identity: string | undefined, count: number) =>
      Array.from({ length: count }, () => limit.refuse(identity, 0)).filter(
        (refusal) => refusal !== undefined,
      );
    expect(refusals('a', 3)).to.deep.equal(['identity']);
    expect(refusals('vip', 6)).to.deep.equal(['override']);
    expect(refusals(undefined, 2)).to.deep.equal(['total']);
  });
});

describe('a backend without endpoints', () => {
  const look = (state: GateState, nowMs: number, endpointReady = false, requestWaiting = true) =>
    nextGate(state, { endpointReady, requestWaiting, nowMs, failFastMs: 3_000 });

  it('makes requests wait three seconds, fails fast from then on, and serves again at once', () => {
    let state: GateState = { kind: 'ready' };
    state = look(state, 0, false, false);
    expect(state.kind).to.equal('ready');
    state = look(state, 1_000);
    expect(look(state, 3_999).kind).to.equal('waiting');
    state = look(state, 4_000);
    expect(state.kind).to.equal('fail-fast');
    expect(look(state, 999_999).kind).to.equal('fail-fast');
    expect(look(state, 5_000, true).kind).to.equal('ready');
  });
});

describe('retries', () => {
  const policy = { statuses: [[502, 504]] as const, grpcStatuses: [14], limit: 1 };
  it('follow listed statuses, fail-fast and their own timeout, nothing else', () => {
    expect(isRetryable(policy, { kind: 'response', status: 503 })).to.equal(true);
    expect(isRetryable(policy, { kind: 'response', status: 500 })).to.equal(false);
    expect(isRetryable(policy, { kind: 'response', status: 200, grpcStatus: 14 })).to.equal(true);
    expect(isRetryable(policy, { kind: 'error', error: 'connect' })).to.equal(true);
    expect(isRetryable({ ...policy, statuses: [] }, { kind: 'error', error: 'connect' })).to.equal(
      false,
    );
    for (const error of ['fail-fast', 'retry-timeout'] as const)
      expect(isRetryable(policy, { kind: 'local', error })).to.equal(true);
    for (const error of ['load-shed', 'final'] as const)
      expect(isRetryable(policy, { kind: 'local', error })).to.equal(false);
  });

  it('within a budget are a share of the requests beside a small reserve', () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 1, ttlMs: 10_000 });
    for (let i = 0; i < 1_000; i++) budget.deposit(i);
    let granted = 0;
    while (budget.withdraw(1_000)) granted++;
    expect(granted).to.be.within(209, 210);
    expect(budget.withdraw(1_000)).to.equal(false);
    expect(budget.balance(60_000)).to.equal(10);
  });
});
