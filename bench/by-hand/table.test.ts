import { expect } from 'chai';
import { type Row, tableOf } from './table.ts';

describe('tableOf', () => {
  const row = (name: string, took: Row['took']): Row => ({ name, took, said: `${name} ${took}` });

  it('says of each kind the median, and between what its tries lay', () => {
    const rows = [
      row('a', 2_000),
      row('b', 900),
      row('a', 1_000),
      row('b', 700),
      row('a', 'never'),
    ];
    expect(tableOf(rows).split('\n').slice(2)).to.deep.equal([
      '| a | 2.0 s (1.0 s to NOT in 3 tries) | a 2000 |',
      '| b | 0.9 s (0.7 s to 0.9 s in 2 tries) | b 900 |',
    ]);
  });

  it('says what came of a single try', () => {
    const rows = [row('a', 1_234), row('spike', 'nobody')];
    expect(tableOf(rows).split('\n').slice(2)).to.deep.equal([
      '| a | 1.2 s | a 1234 |',
      '| spike | nobody | spike nobody |',
    ]);
  });
});
