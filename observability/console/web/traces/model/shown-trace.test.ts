import { expect } from 'chai';
import { linkOf } from './link.ts';
import { colourNumbers, nodeOf, showTrace, visibleNodes } from './shown-trace.ts';
import { SIDECAR } from './span.ts';
import { spanOf } from './trace-samples.ts';
import { barIn, readWindow, rowsInSight, writeWindow } from './window.ts';

const trace = {
  id: 't',
  spans: [
    spanOf('top', '', { at: [0, 100] }),
    spanOf('call', 'top', { at: [10, 90] }),
    spanOf('proxied', 'call', { service: SIDECAR, at: [20, 80] }),
    spanOf('served', 'proxied', { service: 'stock', at: [30, 70], isError: true }),
    spanOf('after', 'top', { at: [95, 99] }),
  ],
};

describe('a trace that is shown', () => {
  const folded = showTrace(trace, { sidecars: 'folded' });

  it('leaves sidecars out, or not', () => {
    const ids = (shown: typeof folded) => shown.tree.nodes.map(({ span }) => span.id);
    expect(ids(folded)).to.deep.equal(['top', 'call', 'served', 'after']);
    expect(folded.services).to.deep.equal(['shop', 'stock']);
    expect(folded.sidecarCount).to.equal(1);
    const unfolded = showTrace(trace, { sidecars: 'shown' });
    expect(ids(unfolded)).to.deep.equal(['top', 'call', 'proxied', 'served', 'after']);
    expect(unfolded.sidecars.size).to.equal(0);
  });

  it('knows its critical path and where it failed', () => {
    expect([...folded.critical.keys()].map(({ span }) => span.id)).to.have.members([
      'top',
      'call',
      'served',
      'after',
    ]);
    expect(folded.failing.map(({ span }) => span.id)).to.deep.equal(['served']);
  });

  it('finds spans, and for folded ones that which they are part of', () => {
    const found = ['served', 'proxied', 'lost', ''].map((id) => nodeOf(folded, id)?.span.id);
    expect(found).to.deep.equal(['served', 'call', undefined, undefined]);
  });

  it('hides what is below folded spans', () => {
    const ids = (...collapsed: string[]) =>
      visibleNodes(folded.tree, new Set(collapsed)).map(({ span }) => span.id);
    expect(ids()).to.have.length(4);
    expect(ids('call')).to.deep.equal(['top', 'call', 'after']);
    expect(ids('top', 'call')).to.deep.equal(['top']);
  });
});

describe('colours of services', () => {
  it('are each its own while there are enough, and the same in every trace', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(new Set(colourNumbers(names, 12).values()).size).to.equal(6);
    expect(colourNumbers(['a'], 12).get('a')).to.equal(colourNumbers(names, 12).get('a'));
    expect([...colourNumbers(names, 3).values()].every((number) => number < 3)).to.equal(true);
  });
});

describe('a part of a trace', () => {
  it('is read from an address, and all of it from nonsense', () => {
    expect(readWindow('10-40', 100)).to.deep.equal({ fromUs: 10, toUs: 40 });
    const all = { fromUs: 0, toUs: 100 };
    for (const text of [null, '', '40-10', '-5-10', 'a-b']) {
      expect(readWindow(text, 100), String(text)).to.deep.equal(all);
    }
    expect(writeWindow({ fromUs: -5, toUs: 40.2 }, 100)).to.equal('0-41');
    expect(writeWindow(all, 100)).to.equal(undefined);
  });

  it('cuts bars, and leaves out what is elsewhere', () => {
    const part = { fromUs: 100, toUs: 200 };
    expect(barIn(part, 150, 175)).to.deep.equal({ left: 50, width: 25 });
    expect(barIn(part, 0, 1_000)).to.deep.equal({ left: -1, width: 102 });
    expect(barIn(part, 0, 50)).to.equal(undefined);
  });

  it('has rows in sight, and a few more', () => {
    const list = { count: 1_000, rowHeight: 20, height: 200 };
    expect(rowsInSight({ ...list, scrollTop: 0 })).to.deep.equal({ from: 0, to: 18 });
    expect(rowsInSight({ ...list, scrollTop: 4_000 })).to.deep.equal({ from: 192, to: 218 });
    expect(rowsInSight({ ...list, scrollTop: 1e6 })).to.deep.equal({ from: 1_000, to: 1_000 });
  });
});

describe('links from what spans say', () => {
  it('lead to the web only', () => {
    expect(linkOf('https://example.com/a?b=<c>')).to.equal('https://example.com/a?b=%3Cc%3E');
    expect(linkOf('HTTP://localhost:80/')).to.equal('http://localhost/');
    for (const value of [
      'javascript:alert(1)',
      ' https://example.com',
      'data:text/html,x',
      'https://user:pass@example.com/',
      'http://orders/internal',
      'https://',
      503,
      true,
    ]) {
      expect(linkOf(value), String(value)).to.equal(undefined);
    }
  });
});
