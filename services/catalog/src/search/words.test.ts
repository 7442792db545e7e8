import { expect } from 'chai';
import { Parameters } from '../database.ts';
import { wordsQuery } from './words.ts';

describe('wordsQuery', () => {
  const valuesOf = (text: string) => {
    const parameters = new Parameters();
    const sql = wordsQuery(text, parameters);
    expect(sql).to.not.include(text);
    return parameters.values;
  };

  it('takes the last word as the beginning of one', () => {
    expect(valuesOf('desk la')).to.deep.equal(['desk la', 'desk ', 'la:*']);
    expect(valuesOf('straß')).to.deep.equal(['straß', '', 'straß:*']);
  });

  it('does not when the last word is excluded, quoted or finished', () => {
    for (const text of ['lamp -bra', '"desk la', 'lamp!', 'lamp:*', "o'neil", '%']) {
      expect(valuesOf(text), text).to.deep.equal([text]);
    }
  });

  it('takes many minus signs as one', () => {
    expect(valuesOf(`${'- -'.repeat(40)}lamp`)).to.deep.equal(['-lamp']);
    expect(valuesOf('wi-fi "a - b" -c')).to.deep.equal(['wi-fi "a - b" -c']);
  });
});
