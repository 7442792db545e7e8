import { expect } from 'chai';
import fc from 'fast-check';
import { Extents } from './extents.ts';

describe('Extents', () => {
  it('keeps many lists apart and gives back what is freed', () => {
    const step = fc.record({
      list: fc.nat({ max: 5 }),
      block: fc.nat({ max: 8 }),
      action: fc.constantFrom('push', 'remove', 'free'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const extents = new Extents();
        const heads = Array.from({ length: 6 }, () => -1);
        const model = Array.from({ length: 6 }, (): number[] => []);
        for (const { list, block, action } of steps) {
          const [head = -1, blocks = []] = [heads[list], model[list]];
          if (action === 'push') {
            heads[list] = extents.push(head, block);
            if (!blocks.includes(block)) blocks.unshift(block);
          } else if (action === 'remove') {
            heads[list] = extents.remove(head, block);
            model[list] = blocks.filter((it) => it !== block);
          } else {
            extents.free(head);
            [heads[list], model[list]] = [-1, []];
          }
        }
        expect(heads.map((head) => extents.list(head))).to.deep.equal(model);
        expect(extents.count).to.equal(model.flat().length);
      }),
    );
  });
});
