import { expect } from 'chai';
import fc from 'fast-check';
import { productDraft } from '@faultline/contracts/catalog';
import { product } from '../test/shop.ts';
import { emptyForm, formOf, parseForm, typedForm, versionOf } from './product-form.ts';

const filled = formOf(product());

describe('the form of a product', () => {
  it('comes back as the product it was made from', () => {
    const attribute = fc.oneof(
      fc.boolean(),
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.array(fc.constantFrom('red', 'blue "x"', '<b>', 'é')),
    );
    const anyProduct = fc.record({
      name: fc.constantFrom('Lamp', '<b>Lamp</b>', 'Lamp & "Co"'),
      description: fc.constantFrom('one', 'one\ntwo', '100 % <i>'),
      price: fc.record({
        amount: fc.integer({ min: 0, max: 100_000_000 }),
        currency: fc.constantFrom('EUR' as const, 'USD' as const, 'GBP' as const),
      }),
      attributes: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/), attribute),
    });
    fc.assert(
      fc.property(anyProduct, (fields) => {
        const original = product(fields);
        const sent = new URLSearchParams(formOf(original));
        const draft = productDraft.strip().parse(original);
        expect(parseForm(typedForm(sent))).to.deep.equal({ ok: true, draft });
      }),
    );
  });

  it('takes the line ends that browsers send for line ends', () => {
    const sent = new URLSearchParams({ ...filled, description: 'one\r\ntwo' });
    expect(typedForm(sent).description).to.equal('one\ntwo');
  });

  it('asks for every field that is empty', () => {
    const result = parseForm({ ...emptyForm, attributes: '', currency: '' });
    expect(result)
      .to.have.property('errors')
      .that.has.all.keys(...['name', 'slug', 'category', 'price', 'currency', 'description']);
  });

  const wrong: [field: keyof typeof filled, text: string, says: string][] = [
    ['price', '1.999', 'such as 19.99'],
    ['price', '1000000.01', 'from 0 to 1000000'],
    ['currency', 'DOGE', 'check this'],
    ['slug', '../etc', 'lower-case words'],
    ['name', 'x'.repeat(201), '200'],
    ['name', 'bell\u0007', 'control characters'],
    ['attributes', '{"a":', 'not JSON'],
    ['attributes', '[1]', 'check this'],
    ['attributes', '{"a":1,"a":2}', 'twice'],
    ['attributes', '{"__proto__":{}}', 'not allowed'],
    ['attributes', '{"deep":{"a":1}}', 'check deep'],
    ['image_ids', 'not-an-id', 'expected a UUID'],
  ];
  for (const [field, text, says] of wrong) {
    it(`says what is wrong with the ${field} ${text.slice(0, 20)}`, () => {
      const result = parseForm({ ...filled, [field]: text });
      expect(result).to.have.property('errors').that.has.all.keys(field);
      expect(result).to.have.nested.property(`errors.${field}`).that.includes(says);
    });
  }

  it('knows the version it changes, or is none of ours', () => {
    expect(versionOf({ ...filled, version: '12' })).to.equal(12);
    for (const version of ['0', '', '-1', '1e9', '1.5', '99999999999']) {
      expect(() => versionOf({ ...filled, version }), version).to.throw('which version');
    }
  });
});
