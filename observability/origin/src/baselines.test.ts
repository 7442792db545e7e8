import { expect } from 'chai';
import { call } from '../test/spans.ts';
import { Baselines } from './baselines.ts';
import { SETTINGS } from './settings.ts';

describe('baselines', () => {
  let baselines: Baselines;
  beforeEach(() => {
    baselines = new Baselines(SETTINGS);
  });

  function judge(times: number, durationMs: number) {
    const judged = Array.from({ length: times }, () =>
      baselines.judge(call('gateway', 'storefront', { durationMs })),
    );
    return judged.map(({ excessMs }) => excessMs);
  }

  it('says by how much a call was late, once a few have shown what is usual', () => {
    expect(judge(100, 50)).to.deep.equal(Array(100).fill(0));
    const [excessMs] = judge(1, 1_000);
    expect(excessMs).to.be.within(940, 960);
  });

  it('sees a shift soon after a start whose calls took seconds', () => {
    judge(120, 2_000);
    judge(100, 50);
    const late = judge(8, 600).slice(-3);
    for (const excessMs of late) expect(excessMs).to.be.within(540, 560);
  });

  it('goes on to see a shift that nobody names', () => {
    judge(200, 50);
    const late = judge(60, 600).slice(8);
    expect(late.every((excessMs) => excessMs > 500)).to.equal(true);
  });

  it('takes for usual what lasts', () => {
    judge(200, 50);
    judge(3_000, 600);
    expect(judge(1, 600)).to.deep.equal([0]);
  });
});
