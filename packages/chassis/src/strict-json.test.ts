import { expect } from 'chai';
import fc from 'fast-check';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

describe('parseStrictJson', () => {
  it('reads every JSON value the way JSON.parse does', () => {
    const value = fc.jsonValue({ maxDepth: 6, noUnicodeString: false });
    fc.assert(
      fc.property(value, (input) => {
        const text = JSON.stringify(input);
        if (!text.isWellFormed() || /-0\b|\\u0000|__proto__|\\ud[89a-f]/i.test(text)) return;
        if (/\d{16}|e\+/i.test(text)) return;
        expect(parseStrictJson(text)).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  const refused: [what: string, text: string][] = [
    ['nothing', ''],
    ['a truncated object', '{"a":1'],
    ['a duplicate key', '{"a":1,"a":2}'],
    ['a duplicate key spelt with an escape', String.raw`{"a":1,"\u0061":2}`],
    ['a duplicate key in a nested object', '[{"b":{"a":1,"a":2}}]'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['constructor', '{"constructor":{}}'],
    ['10,000 open brackets', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['a number that overflows', '{"a":1e400}'],
    ['negative zero', '{"a":-0}'],
    ['NaN', '{"a":NaN}'],
    ['an integer beyond 2^53', '{"a":9007199254740993}'],
    ['a lone surrogate', String.raw`{"a":"\ud800"}`],
    ['NUL in a string', String.raw`{"a":"\u0000"}`],
    ['a byte order mark', '\ufeff{}'],
    ['a trailing comma', '[1,]'],
    ['a comment', '{/* */}'],
    ['two values', '{} {}'],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => parseStrictJson(text)).to.throw(StrictJsonError);
    });
  }

  it('allows the same key in different objects', () => {
    expect(parseStrictJson('[{"a":1},{"a":2}]')).to.deep.equal([{ a: 1 }, { a: 2 }]);
  });

  it('does not take a string value for a key', () => {
    expect(parseStrictJson('{"a":"b","b":"a"}')).to.deep.equal({ a: 'b', b: 'a' });
  });
});
