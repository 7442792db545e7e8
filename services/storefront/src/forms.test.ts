import { ProblemError } from '@faultline/chassis/errors';
import { postalAddress } from '@faultline/contracts/profiles';
import { expect } from 'chai';
import { z } from 'zod';
import { checkForm, fieldsOf } from './forms.ts';

const form = z.strictObject({ name: z.string().min(3).max(5), note: z.string().optional() });

function fields(text: string) {
  return fieldsOf(new URLSearchParams(text));
}

describe('forms', () => {
  it('take empty fields for absent ones', () => {
    expect(fields('name=abc&note=+')).to.deep.equal({ name: 'abc' });
    expect(checkForm(form, fields('name=abc&note='))).to.deep.include({ ok: true });
  });

  it('say what is wrong beside each field, once, in words', () => {
    expect(checkForm(form, fields('note=x'))).to.deep.include({
      ok: false,
      errors: { name: 'Please fill this in.' },
    });
    expect(checkForm(form, fields('name=abcdef'))).to.deep.include({
      errors: { name: 'Please use at most 5 characters.' },
    });
    const address = checkForm(postalAddress, fields('country=Germany'));
    expect(address)
      .to.have.property('errors')
      .with.all.keys(...['name', 'line1', 'city', 'postal_code', 'country']);
  });

  it('refuse fields that no form of ours has, and fields sent twice', () => {
    expect(() => checkForm(form, fields('name=abc&price=1'))).to.throw(ProblemError, /price/);
    expect(() => fields('name=a&name=b')).to.throw(ProblemError, /name/);
  });

  it('do not touch the prototype', () => {
    expect(() => checkForm(form, fields('name=abc&__proto__=x'))).to.throw(ProblemError);
    expect(fields('__proto__=x')).to.have.own.property('__proto__');
  });
});
