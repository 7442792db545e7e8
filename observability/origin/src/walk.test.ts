import { expect } from 'chai';
import { below, call, query, server, span } from '../test/spans.ts';
import { Baselines } from './baselines.ts';
import type { SpanRecord } from './model.ts';
import { SETTINGS } from './settings.ts';
import { TraceBook } from './traces.ts';
import { walk } from './walk.ts';

describe('walk', () => {
  let baselines: Baselines;
  beforeEach(() => {
    baselines = new Baselines(SETTINGS);
  });

  function look(spans: readonly SpanRecord[], nowMs = 60_000) {
    const book = new TraceBook(SETTINGS, baselines);
    for (const one of spans) book.add(one, { nowMs, cold: false });
    const [trace] = book.suspicious;
    if (!trace) return { findings: [], waitUntilMs: Infinity };
    const isTraced = (service: string) => service !== 'provider';
    return walk(trace, { baselines, settings: SETTINGS, nowMs, isTraced });
  }

  function usually(spans: readonly SpanRecord[]): void {
    for (let times = 0; times < 60; times++) for (const one of spans) baselines.judge(one);
  }

  function chain() {
    const root = server('gateway', { durationMs: 30 });
    const out = below(root, call('gateway', 'orders', { durationMs: 28 }));
    const inner = below(out, server('orders', { durationMs: 26 }));
    return { root, out, inner };
  }

  it('finds nothing in a trace that went well', () => {
    const { root, out, inner } = chain();
    expect(look([root, out, inner]).findings).to.deep.equal([]);
  });

  it('holds a failure against the deepest service that failed, and tells who met it', () => {
    const root = server('gateway', { status: 503 });
    const out = below(root, call('gateway', 'orders', { status: 503 }));
    const inner = below(out, server('orders', { status: 500, instance: 'orders-2' }));
    const { findings } = look([inner, out, root]);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.deep.include({
      component: { kind: 'service', name: 'orders' },
      where: 'own',
      symptom: 'errors',
      journey: 'GET /things',
      journeyHit: true,
    });
    expect(findings[0]?.callee?.instance).to.equal('orders-2');
    expect(findings[0]?.caller?.service).to.equal('gateway');
    expect(findings[0]?.path.map(({ service, outcome }) => `${service} ${outcome}`)).to.deep.equal([
      'orders failed',
      'gateway failed',
    ]);
  });

  for (const status of [400, 401, 402, 404, 409, 422]) {
    it(`takes a ${status} for the client’s own doing`, () => {
      const root = server('gateway', { status });
      const out = below(root, call('gateway', 'orders', { status }));
      expect(look([root, out]).findings).to.deep.equal([]);
    });
  }

  type PassOptions = Pick<SpanRecord, 'kind'> & Partial<SpanRecord>;

  function pass(above: SpanRecord, of: PassOptions, direction: string): SpanRecord {
    const attributes = { direction, 'http.response.status_code': 200, ...of.attributes };
    return below(above, span({ name: '/things', ...of, service: 'linkerd-proxy', attributes }));
  }

  it('needs not wait for an app whose sidecar has failed the call by itself', () => {
    const root = server('gateway', { status: 500 });
    const out = below(root, call('gateway', 'orders', { status: 500 }));
    const attributes = { 'http.response.status_code': 500 };
    const stay = pass(out, { kind: 'server', attributes }, 'outbound');
    const asked = pass(stay, { kind: 'client', attributes }, 'outbound');
    const entry = { kind: 'server', instance: 'orders-2', attributes } as const;
    const { findings } = look([root, out, stay, asked, pass(asked, entry, 'inbound')], 30);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.deep.include({ where: 'own' });
    expect(findings[0]?.callee).to.deep.include({ service: 'orders', instance: 'orders-2' });
  });

  it('knows by the sidecars on which side of the way the time went', () => {
    const whereOf = (insideMs: number) => {
      const { root, out, inner } = chain();
      usually([root, out, inner]);
      const long = { ...out, durationMs: 2_028 };
      const entry = pass(long, { kind: 'server', durationMs: insideMs }, 'inbound');
      const served = below(entry, inner);
      return look([{ ...root, durationMs: 2_030 }, long, entry, served]).findings[0];
    };
    expect(whereOf(2_027)).to.include({ where: 'own', isOnTheWay: false });
    expect(whereOf(27)).to.include({ where: 'between', isOnTheWay: true });
  });

  it('does not know on which side it went while the callee’s sidecar has not told', () => {
    const { root, out, inner } = chain();
    usually([root, out, inner]);
    const [finding] = look([
      { ...root, durationMs: 2_030 },
      { ...out, durationMs: 2_028 },
      inner,
    ]).findings;
    expect(finding).to.include({ where: 'between', isOnTheWay: false });
  });

  it('says who absorbed a failure: the first above it that went well', () => {
    const root = server('gateway');
    const out = below(root, call('gateway', 'inventory', { status: 503 }));
    const inner = below(out, server('inventory', { status: 503 }));
    const [finding] = look([root, out, inner]).findings;
    expect(finding?.path.at(-1)).to.deep.include({ service: 'gateway', outcome: 'fine' });
    expect(finding?.journeyHit).to.equal(false);
  });

  it('takes a store for the origin when its queries fail', () => {
    const root = server('catalog', { status: 503 });
    const failed = below(root, query('catalog', { isError: true }));
    const [finding] = look([root, failed]).findings;
    expect(finding).to.deep.include({
      component: { kind: 'store', name: 'postgres' },
      where: 'leaf',
    });
  });

  it('takes a peer that never tells of itself for a provider', () => {
    const root = server('payments', { status: 503 });
    const failed = below(root, call('payments', 'provider', { status: 500 }));
    expect(look([root, failed]).findings[0]?.component).to.deep.equal({
      kind: 'provider',
      name: 'provider',
    });
  });

  it('waits for the span of a server that may still come', () => {
    const root = server('gateway', { status: 504, startMs: 59_000, durationMs: 900 });
    const out = below(root, call('gateway', 'orders', { status: 0, startMs: 59_000 }));
    const before = look([root, out], 59_100);
    expect(before.findings).to.deep.equal([]);
    expect(before.waitUntilMs).to.equal(59_001 + SETTINGS.graceMs);
    const [finding] = look([root, out], 61_000).findings;
    expect(finding).to.deep.include({ where: 'unreached', symptom: 'silence' });
    expect(finding?.component.name).to.equal('orders');
  });

  it('goes down to the call that was cut off with its caller, below a timeout', () => {
    const root = server('gateway', { status: 504, durationMs: 2_000 });
    const out = below(root, call('gateway', 'orders', { status: 0, durationMs: 2_000 }));
    const cut = below(out, server('orders', { status: 499, durationMs: 1_990 }));
    const inner = below(cut, call('orders', 'payments', { status: 0, durationMs: 1_980 }));
    const findings = look([root, out, cut, inner]).findings;
    expect(findings.map(({ component }) => component.name)).to.deep.equal(['payments']);
  });

  it('blames the way between when the server did well and its caller saw a failure', () => {
    const root = server('gateway', { status: 502 });
    const out = below(root, call('gateway', 'orders', { status: 502 }));
    const fine = below(out, server('orders'));
    const [finding] = look([root, out, fine]).findings;
    expect(finding).to.deep.include({ where: 'between' });
    expect(finding?.callee?.instance).to.equal('orders-1');
  });

  it('follows slowness to the child that it came from', () => {
    const { root, out, inner } = chain();
    const fast = below(inner, query('orders', { durationMs: 5 }));
    usually([root, out, inner, fast]);
    const slow = { root, out, inner, fast };
    const spans = Object.values(slow).map((one) => ({ ...one, durationMs: one.durationMs + 900 }));
    const [finding, ...others] = look(spans).findings;
    expect(others).to.deep.equal([]);
    expect(finding).to.deep.include({ where: 'leaf', symptom: 'latency' });
    expect(finding?.excessMs).to.be.closeTo(900, 5);
  });

  it('holds slowness against a service whose own part took the time', () => {
    const { root, out, inner } = chain();
    const fast = below(inner, query('orders', { durationMs: 5 }));
    usually([root, out, inner, fast]);
    const spans = [root, out, inner].map((one) => ({ ...one, durationMs: one.durationMs + 900 }));
    const [finding] = look([...spans, fast]).findings;
    expect(finding).to.deep.include({ where: 'own' });
    expect(finding?.component.name).to.equal('orders');
  });

  it('holds slowness that no server saw against the way between', () => {
    const { root, out, inner } = chain();
    usually([root, out, inner]);
    const spans = [root, out].map((one) => ({ ...one, durationMs: one.durationMs + 900 }));
    expect(look([...spans, inner]).findings[0]).to.deep.include({ where: 'between' });
  });

  it('finds the call of a server span though the sidecars’ spans between them are missing', () => {
    const root = server('gateway', { status: 503 });
    const out = below(root, call('gateway', 'orders', { status: 503 }));
    const orphan = { ...below(out, server('orders', { status: 500 })), parentSpanId: 'feed' };
    const [finding] = look([root, out, orphan]).findings;
    expect(finding?.path.map(({ service }) => service)).to.deep.equal(['orders', 'gateway']);
  });

  it('does not take what follows through a queue for part of the request', () => {
    const root = server('orders');
    const sent = below(root, span({ service: 'orders', kind: 'producer', name: 'publish x' }));
    const done = below(
      sent,
      span({ service: 'notifications', kind: 'consumer', name: 'process x', isError: true }),
    );
    const [finding] = look([root, sent, done]).findings;
    expect(finding).to.deep.include({ behindQueue: true, journeyHit: false });
    expect(finding?.path.map(({ service }) => service)).to.deep.equal(['notifications']);
  });

  it('survives spans that are each other’s parents, their own parents, or there twice', () => {
    const one = server('a', { status: 500 });
    const other = below(one, server('b', { status: 500 }));
    const knot = { ...one, parentSpanId: other.spanId };
    const self = { ...below(one, server('c', { status: 500 })) };
    const findings = look([knot, other, other, { ...self, parentSpanId: self.spanId }]).findings;
    expect(findings.length).to.be.within(1, 3);
  });
});
