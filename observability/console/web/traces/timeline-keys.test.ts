import { expect } from 'chai';
import { showTrace } from './model/shown-trace.ts';
import { spanOf } from './model/trace-samples.ts';
import { keyMoves } from './timeline-keys.ts';

const spans = [
  spanOf('top', '', { at: [0, 100] }),
  spanOf('call', 'top', { at: [10, 60] }),
  spanOf('query', 'call', { at: [20, 50], isError: true }),
  spanOf('other', 'top', { at: [70, 80], isError: true }),
];
const shown = showTrace({ id: 't', spans }, { sidecars: 'folded' });
const rows = shown.tree.nodes;

describe('keys in the timeline', () => {
  const press = (key: string, id = '', folded: string[] = []) =>
    keyMoves(
      { key, ctrlKey: false, metaKey: false, altKey: false },
      {
        shown,
        rows,
        at: rows.findIndex(({ span }) => span.id === id),
        collapsed: new Set(folded),
        page: 2,
      },
    );
  const selects = (key: string, id = '') => press(key, id)?.select?.span.id;

  it('move by rows and pages, not beyond the ends', () => {
    expect(selects('ArrowDown')).to.equal('top');
    expect(selects('ArrowDown', 'top')).to.equal('call');
    expect(selects('k', 'call')).to.equal('top');
    expect(selects('ArrowUp', 'top')).to.equal('top');
    expect(selects('PageDown', 'top')).to.equal('query');
    expect([selects('End', 'top'), selects('Home', 'query')]).to.deep.equal(['other', 'top']);
  });

  it('fold and unfold, then go to parent and child', () => {
    expect(press('ArrowLeft', 'call')?.toggle?.span.id).to.equal('call');
    expect(press('ArrowLeft', 'call', ['call'])?.select?.span.id).to.equal('top');
    expect(press('ArrowRight', 'call', ['call'])?.toggle?.span.id).to.equal('call');
    expect(selects('ArrowRight', 'call')).to.equal('query');
    expect(press('ArrowRight', 'query')).to.deep.equal({});
  });

  it('go round the failures and along the critical path', () => {
    expect([selects('e'), selects('e', 'query'), selects('e', 'other')]).to.deep.equal([
      'query',
      'other',
      'query',
    ]);
    expect([selects('p', 'top'), selects('p', 'other')]).to.deep.equal(['call', 'top']);
  });

  it('zoom, and take the selection away', () => {
    expect(press('z', 'call')?.zoom).to.deep.equal({ fromUs: 0, toUs: 70 });
    expect(press('0')?.zoom).to.deep.equal({ fromUs: 0, toUs: 100 });
    expect(press('Escape')?.select).to.equal(null);
  });

  it('leave others alone', () => {
    expect(press('x')).to.equal(undefined);
    const known = { shown, rows, at: 0, collapsed: new Set<string>(), page: 2 };
    const pressed = { key: 'e', ctrlKey: true, metaKey: false, altKey: false };
    expect(keyMoves(pressed, known)).to.equal(undefined);
  });
});
