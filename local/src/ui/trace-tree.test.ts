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

describe('a trace in the terminal', () => {
  it('folds sidecars: what was below them hangs below their callers', () => {
    const [title, ...lines] = drawTrace(trace, { sidecars: false });
    expect(title).to.equal('abc: 3 spans, 40 ms, 1 of sidecars folded');
    expect(lines.map((line) => line.slice(0, 15))).to.deep.equal([
      '  gateway do a ',
      '!   orders do c',
    ]);
  });

  it('shows when each span was, and how long', () => {
    const lines = drawTrace(trace, { sidecars: true });
    expect(lines).to.have.length(4);
    expect(lines[3]).to.match(/ {16,}━{15} {2}20 ms$/);
  });

  it('shows a span whose parent never came at the top, and survives a cycle', () => {
    const lonely = { ...trace, spans: [span('x', 'p2', 'x'), span('y', 'p3', 'x')] };
    expect(drawTrace(lonely, { sidecars: false }).at(-1)).to.include('orders do y');
  });
});
