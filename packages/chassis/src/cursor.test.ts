import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { decodeCursor, encodeCursor, toPage } from './cursor.ts';
import { ProblemError } from './errors.ts';

const position = z.strictObject({ name: z.string(), id: z.number().int() });

describe('a cursor', () => {
  it('reads back as the position it was made from, and may stand in a URL as it is', () => {
    fc.assert(
      fc.property(fc.record({ name: fc.string(), id: fc.integer() }), (original) => {
        const cursor = encodeCursor(original);
        expect(cursor).to.match(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(position, cursor)).to.deep.equal(original);
      }),
    );
  });

  it('need not be there', () => {
    expect(decodeCursor(position, undefined)).to.equal(undefined);
  });

  const strange: [what: string, cursor: string][] = [
    ['empty', ''],
    ['no base64url', '%%%'],
    ['no JSON', Buffer.from('rubbish').toString('base64url')],
    ['of another list', encodeCursor({ price: 3 })],
    ['with more than a position', encodeCursor({ name: 'a', id: 1, admin: true })],
    ['of the wrong types', encodeCursor({ name: 1, id: 'a' })],
    ['no object', Buffer.from('null').toString('base64url')],
  ];
  for (const [what, cursor] of strange) {
    it(`is refused when it is ${what}`, () => {
      expect(() => decodeCursor(position, cursor))
        .to.throw(ProblemError, 'cursor')
        .with.property('status', 400);
    });
  }
});

describe('a page', () => {
  const of = (items: number[], limit: number) => toPage(items, limit, (last) => ({ last }));

  it('is cut to its limit and says where the next one starts', () => {
    const page = of([1, 2, 3], 2);
    expect(page.items).to.deep.equal([1, 2]);
    expect(page.next_cursor).to.equal(encodeCursor({ last: 2 }));
  });

  it('is the last one when nothing is left over', () => {
    expect(of([1, 2], 2)).to.deep.equal({ items: [1, 2], next_cursor: null });
    expect(of([], 2)).to.deep.equal({ items: [], next_cursor: null });
  });

  it('neither skips nor repeats when followed to the end', () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 9 }), (count, limit) => {
        const all = Array.from({ length: count }, (_, index) => index);
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const after = decodeCursor(z.strictObject({ last: z.number() }), cursor)?.last ?? -1;
          const page = of(all.slice(after + 1, after + 2 + limit), limit);
          seen.push(...page.items);
          cursor = page.next_cursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen).to.deep.equal(all);
      }),
    );
  });
});
