import { ProblemError } from '@faultline/chassis/errors';
import { expect } from 'chai';
import { addressOf, questionOf, wishOf, without } from './listing.ts';

function wish(query: string) {
  return wishOf('/search', new URLSearchParams(query));
}

describe('listing', () => {
  it('asks the catalog for what the address says', () => {
    const question = questionOf(
      wish('q=%20pan%20&attr.size=1&attr.size=2&attr.kind=a&sort=-price'),
    );
    expect(question).to.deep.equal({
      q: 'pan',
      sort: '-price',
      limit: 24,
      'attr.size': ['1', '2'],
      'attr.kind': 'a',
    });
  });

  it('takes no notice of empty fields and parameters that are not its own', () => {
    const question = questionOf(wish('q=&sort=&cursor=&attr.size=&utm_source=mail'));
    expect(question).to.deep.equal({ sort: 'relevance', limit: 24 });
  });

  for (const query of [
    'sort=rating',
    'attr.X-=1',
    'category=A B',
    'cursor=%2e%2e',
    `q=${'a'.repeat(201)}`,
  ]) {
    it(`refuses ${query.slice(0, 20)}`, () => {
      expect(() => questionOf(wish(query))).to.throw(ProblemError);
    });
  }

  it('writes the address it read', () => {
    const address = '/search?q=a%26b&sort=name&attr.size=1&attr.size=2';
    expect(addressOf(wish(address.slice('/search?'.length)))).to.equal(address.replace('%20', '+'));
  });

  it('drops a value, the attribute with its last one, and starts at the first page', () => {
    const two = wish('attr.size=1&attr.size=2&cursor=abc');
    expect(addressOf(without(two, 'size', '1'))).to.equal('/search?attr.size=2');
    expect(addressOf(without(without(two, 'size', '1'), 'size', '2'))).to.equal('/search');
  });
});
