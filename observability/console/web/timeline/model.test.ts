import { expect } from 'chai';
import { aFrame, aNode, anEdge, anIncident, ONSET_MS } from '../testing/samples.ts';
import type { Change } from '../core/wire.ts';
import { alertBars, barsOf, labelled, marksOf, momentsOf, packBars, seriesOf } from './model.ts';

const span = { fromMs: ONSET_MS - 10_000, toMs: ONSET_MS + 60_000 };
const at = (ms: number) => new Date(ONSET_MS + ms).toISOString();

describe('the timeline', () => {
  it('counts requests and failures of the service that people call', () => {
    const busy = (atMs: number, errorShare: number) =>
      aFrame(atMs, {
        nodes: [aNode('gateway', { requestsPerSecond: 20, errorShare }), aNode('orders')],
        edges: [anEdge('gateway', 'orders')],
      });
    const frames = [busy(ONSET_MS - 20_000, 0), busy(ONSET_MS, 0.5), busy(ONSET_MS + 1_000, 0)];
    expect(seriesOf(frames, span)).to.deep.equal([
      [ONSET_MS / 1_000, ONSET_MS / 1_000 + 1],
      [20, 20],
      [10, 0],
    ]);
  });

  it('has a gap where nothing was seen', () => {
    const [, requests] = seriesOf([aFrame(ONSET_MS), aFrame(ONSET_MS + 30_000)], span);
    expect(requests).to.deep.equal([1, Number.NaN, 1]);
  });

  it('marks what was done, and no instance but one that crashed', () => {
    const change = (kind: Change['kind'], more: Partial<Change> = {}): Change => ({
      at: at(0),
      kind,
      service: 'catalog',
      detail: '',
      ...more,
    });
    const marks = marksOf(
      [
        change('deploy', { version: '1.1.0' }),
        change('weight', { detail: '10 % to 1.1.0' }),
        change('instance', { state: 'ready', instance: 'catalog-1' }),
        change('instance', { state: 'crashed', instance: 'catalog-1' }),
        change('scale', { at: at(100_000) }),
      ],
      span,
    );
    expect(marks.map(({ kind, text }) => `${kind}: ${text}`)).to.deep.equal([
      'deploy: catalog 1.1.0 deployed',
      'weight: catalog traffic moved: 10 % to 1.1.0',
      'crash: catalog-1 crashed',
    ]);
  });

  it('shows incidents and faults for as long as they last, cut to what is shown', () => {
    const fault = {
      id: 'f',
      kind: 'delay',
      target: 'catalog',
      share: 100,
      effect: {},
      started_at: at(-60_000),
      ends_at: at(600_000),
      remaining_ms: 1,
    };
    const merged = anIncident({ id: 'i2', merged_into: 'i1' });
    const bars = barsOf({ incidents: [anIncident(), merged], faults: [fault], alerts: [] }, span);
    expect(bars.map(({ kind, fromMs, toMs }) => [kind, fromMs, toMs])).to.deep.equal([
      ['incident', ONSET_MS, ONSET_MS + 30_000],
      ['fault', span.fromMs, span.toMs],
    ]);
    expect(momentsOf([], bars)).to.deep.equal([span.fromMs, ONSET_MS]);
  });

  it('makes one bar of an alert that fires for several, and two when it was quiet between', () => {
    const values = (...seconds: number[]) => seconds.map((one): [number, string] => [one, '1']);
    const metric = { alertname: 'ErrorBudgetBurn' };
    const bars = alertBars(
      [
        { metric: { ...metric, slo: 'a' }, values: values(10, 15, 40) },
        { metric: { ...metric, slo: 'b' }, values: values(15, 20) },
      ],
      5_000,
    );
    expect(bars.map(({ fromMs, toMs }) => [fromMs, toMs])).to.deep.equal([
      [10_000, 25_000],
      [40_000, 45_000],
    ]);
  });

  it('keeps bars from covering each other', () => {
    const bar = (fromMs: number, toMs: number) => ({ room: { fromMs, toMs } });
    const rows = packBars([bar(0, 10), bar(5, 15), bar(12, 20)], 3).map(({ row }) => row);
    expect(rows).to.deep.equal([0, 1, 0]);
  });

  it('writes beside a bar what does not fit in it, where there is room', () => {
    const bar = (fromMs: number, toMs: number) => {
      const all = { key: '', kind: 'fault' as const, fromMs, toMs, isOpen: false };
      return labelled({ ...all, text: 'error on payments' }, { fromMs: 0, toMs: 1_000 });
    };
    expect(bar(100, 900)).to.include({ side: 'within' });
    expect(bar(100, 110)).to.include({ side: 'right' });
    expect(bar(100, 110).room.toMs).to.be.within(200, 300);
    expect(bar(990, 1_000)).to.include({ side: 'left' });
    expect(bar(990, 1_000).room.fromMs).to.be.within(800, 900);
  });
});
