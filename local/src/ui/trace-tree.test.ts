import { expect } from 'chai';
import { drawTrace, type JaegerTrace } from './trace-tree.ts';

type Span = JaegerTrace['spans'][number];

function span(spanID: string, processID: string, parent?: string, more: Partial<Span> = {}): Span {
  return {
    spanID,
    processID,
    operationName: `do ${spanID}`,
    startTime: 1_000_000,
    duration: 40_000,
    references: parent === undefined ? [] : [{ refType: 'CHILD_OF', spanID: parent }],
    tags: [],
    ...more,
  };
}

const processes = {
  p1: { serviceName: 'gateway' },
  p2: { serviceName: 'linkerd-proxy' },
  p3: { serviceName: 'orders' },
};
const failed = { tags: [{ key: 'error', value: true }], startTime: 1_020_000, duration: 20_000 };
const trace: JaegerTrace = {
  traceID: 'abc',
  processes,
  spans: [span('a', 'p1'), span('b', 'p2', 'a'), span('c', 'p3', 'b', failed)],
};

const whole = { sidecars: true, statements: true };
const folded = { sidecars: false, statements: false };

function tags(all: Record<string, unknown>) {
  return { tags: Object.entries(all).map(([key, value]) => ({ key, value })) };
}

/** The labels alone, with their indent. */
function labels(one: JaegerTrace, options = folded): string[] {
  const [, ...lines] = drawTrace(one, options);
  return lines.map((line) =>
    line
      .replace(/ +━.*$/, '')
      .slice(2)
      .trimEnd(),
  );
}

describe('a trace in the terminal', () => {
  it('folds sidecars: what was below them hangs below their callers, which tell of them', () => {
    const [title] = drawTrace(trace, folded);
    expect(title).to.equal('abc: 3 spans, 40 ms, 1 of them sidecars’ (⇄; --sidecars shows them)');
    expect(labels(trace)).to.deep.equal(['gateway do a ⇄ 1', '  orders do c']);
  });

  it('says whom a call was to, what it was answered, and how often it was tried', () => {
    const call = tags({
      'span.kind': 'client',
      'server.address': 'orders',
      'url.full': 'http://orders/v1/orders/01a20416-3afb-7b0a-882d-54beaf11d405?a=b',
      'http.response.status_code': 201,
    });
    const attempt = tags({ direction: 'outbound', 'span.kind': 'client' });
    const spans = [
      span('a', 'p1', undefined, call),
      span('b', 'p2', 'a', attempt),
      span('c', 'p2', 'a', attempt),
    ];
    expect(labels({ ...trace, spans })).to.deep.equal([
      'gateway → orders  do a /v1/orders/01a20416… 201 ⇄ 1, 2 attempts',
    ]);
  });

  it('puts statements that follow each other in one line, but those that failed', () => {
    const statement = (id: string, name: string, more: Record<string, unknown> = {}) =>
      span(id, 'p3', 'a', {
        operationName: `pg.query:${name} orders`,
        ...tags({ 'db.system.name': 'postgresql', ...more }),
      });
    const spans = [
      span('a', 'p3'),
      statement('b', 'BEGIN'),
      statement('c', 'INSERT'),
      statement('d', 'INSERT'),
      statement('e', 'INSERT', { error: true }),
    ];
    expect(labels({ ...trace, spans })).to.deep.equal([
      'orders do a',
      '  orders → postgres  BEGIN, INSERT ×2',
      '  orders → postgres  INSERT',
    ]);
    expect(labels({ ...trace, spans }, whole)).to.have.length(5);
  });

  it('shows hops through queues, and how long an entry waited', () => {
    const entry = {
      'messaging.destination.name': 'orders.events',
      'messaging.message.event_type': 'order.placed',
    };
    const spans = [
      span('a', 'p3', undefined, tags({ ...entry, 'span.kind': 'producer' })),
      span('b', 'p1', 'a', {
        startTime: 1_045_000,
        ...tags({ ...entry, 'span.kind': 'consumer' }),
      }),
    ];
    expect(labels({ ...trace, spans })).to.deep.equal([
      'orders ⇢ orders.events  order.placed',
      '  orders.events ⇢ gateway  order.placed (after 5.00 ms)',
    ]);
  });

  it('shows when each span was, and how long', () => {
    const lines = drawTrace(trace, whole);
    expect(lines).to.have.length(4);
    expect(lines[3]).to.match(/^! .* {16,}━{15} {2}20 ms$/);
  });

  it('shows a span whose parent never came at the top, and survives a cycle', () => {
    const lost = { ...trace, spans: [span('y', 'p3', 'x')] };
    expect(labels(lost)).to.deep.equal(['orders do y (what led here is lost)']);
    const cycle = { ...trace, spans: [span('x', 'p2', 'x'), span('y', 'p3', 'x')] };
    expect(labels(cycle)).to.have.length(1);
    const two = { ...trace, spans: [span('x', 'p1', 'y'), span('y', 'p3', 'x')] };
    expect(labels(two)).to.have.length(2);
  });
});
