import { expect } from 'chai';
import { isUuid, seedId, uuidv7 } from './ids.ts';
import { FakeClock } from './testing/fake-clock.ts';

describe('ids', () => {
  it('sort by the millisecond they were made in', async () => {
    const clock = new FakeClock();
    const first = uuidv7(clock);
    await clock.advance(1);
    expect(first < uuidv7(clock)).to.equal(true);
  });

  it('carry version 7 and the RFC variant', () => {
    const id = uuidv7(new FakeClock());
    expect(isUuid(id)).to.equal(true);
    expect(id[14]).to.equal('7');
    expect(id[19]).to.match(/[89ab]/);
  });

  it('of seed data depend on kind and name alone', () => {
    expect(seedId('product', 'lamp')).to.equal(seedId('product', 'lamp'));
    expect(seedId('product', 'lamp')).not.to.equal(seedId('image', 'lamp'));
  });
});
