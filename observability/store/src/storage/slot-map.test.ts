import { expect } from 'chai';
import fc from 'fast-check';
import { SlotMap } from './slot-map.ts';

describe('SlotMap', () => {
  it('finds what a Map finds, whatever was added and removed', () => {
    const step = fc.record({ key: fc.nat({ max: 60 }), remove: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 64 }),
        (steps, spread) => {
          // Few different hashes: many keys fight for the same place.
          const hashOf = (key: number) => key % spread;
          const map = new SlotMap(hashOf);
          const model = new Set<number>();
          for (const { key, remove } of steps) {
            if (remove) map.delete(key);
            else if (!model.has(key)) map.add(key);
            if (remove) model.delete(key);
            else model.add(key);
          }
          for (let key = 0; key <= 60; key++) {
            const found = map.find(hashOf(key), (slot) => slot === key);
            expect(found).to.equal(model.has(key) ? key : -1);
          }
        },
      ),
    );
  });

  it('grows', () => {
    const map = new SlotMap((slot) => slot);
    for (let slot = 0; slot < 10_000; slot++) map.add(slot);
    expect(map.find(9_999, (slot) => slot === 9_999)).to.equal(9_999);
    expect(map.find(10_000, (slot) => slot === 10_000)).to.equal(-1);
  });
});
