import { expect } from 'chai';
import { readExposition } from './exposition.ts';

describe('an instance’s metrics', () => {
  it('are read as far as they are wanted, with escaped labels', () => {
    const escaped = String.raw`a_total{path="say \"hi\"",x="1"} 3`;
    const text = [escaped, '# HELP b', 'b 2', 'unwanted 1'].join('\n');
    expect(readExposition(text, (name) => name !== 'unwanted')).to.deep.equal([
      {
        name: 'a_total',
        labels: { path: 'say "hi"', x: '1' },
        value: 3,
        series: escaped.slice(0, -2),
      },
      { name: 'b', labels: {}, value: 2, series: 'b' },
    ]);
  });
});
