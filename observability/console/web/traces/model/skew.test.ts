import { expect } from 'chai';
import { withoutSkew } from './skew.ts';
import { spanOf } from './trace-samples.ts';

describe('clock skew', () => {
  const call = spanOf('call', '', { at: [10_000, 20_000] });
  const callee = (startUs: number, endUs: number) =>
    spanOf('callee', 'call', { service: 'stock', at: [startUs, endUs] });

  it('moves a callee that began before its call to the middle of it, with all of its clock', () => {
    const query = spanOf('query', 'callee', {
      service: 'stock',
      at: [1_000, 2_000],
      events: [{ atUs: 1_500, name: 'row', attributes: [] }],
    });
    const { spans, movedUs } = withoutSkew([call, callee(0, 6_000), query]);
    expect(spans.map(({ id, startUs }) => [id, startUs])).to.deep.equal([
      ['call', 10_000],
      ['callee', 12_000],
      ['query', 13_000],
    ]);
    expect(spans[2]?.events[0]?.atUs).to.equal(13_500);
    expect(movedUs.get('query')).to.equal(12_000);
  });

  it('puts one that does not fit at the start of the call', () => {
    expect(withoutSkew([call, callee(0, 50_000)]).spans[1]?.startUs).to.equal(10_000);
  });

  it('leaves what may be: a late end, a tenth of a millisecond, the same clock, queues', () => {
    const own = spanOf('own', 'call', { at: [0, 5_000] });
    const queued = spanOf('queued', 'call', {
      service: 'mail',
      kind: 'consumer',
      at: [90_000, 91_000],
    });
    const spans = [call, callee(9_950, 60_000), own, queued];
    const result = withoutSkew(spans);
    expect(result.spans).to.deep.equal(spans);
    expect(result.movedUs.size).to.equal(0);
  });
});
