import { expect } from 'chai';
import { Sketch } from './sketch.ts';

describe('Sketch', () => {
  it('knows the median and the high end to about an eighth', () => {
    const sketch = new Sketch();
    for (let ms = 1; ms <= 300; ms++) sketch.add(ms);
    expect(sketch.median).to.be.within(132, 172);
    expect(sketch.most).to.be.within(238, 302);
    expect(sketch.high).to.be.within(260, 340);
  });

  it('forgets slowly what was usual before', () => {
    const sketch = new Sketch();
    for (let count = 0; count < 400; count++) sketch.add(10);
    for (let count = 0; count < 2_000; count++) sketch.add(100);
    expect(sketch.median).to.be.within(88, 114);
  });

  it('takes anything: nothing, less than nothing, and days', () => {
    const sketch = new Sketch();
    for (const ms of [0, -5, 1e9]) sketch.add(ms);
    expect(sketch.count).to.equal(3);
    expect(sketch.median).to.be.below(1);
  });
});
