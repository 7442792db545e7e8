import { expect } from 'chai';
import { ExpositionReader, readExposition } from './exposition.ts';

describe('an instance’s metrics', () => {
  it('are read as far as they are wanted, with escaped labels', () => {
    const escaped = String.raw`a_total{path="say \"hi\"",x="1"} 3`;
    const text = [escaped, '# HELP b', 'b 2', 'unwanted 1'].join('\n');
    const reader = new ExpositionReader((name) => name !== 'unwanted');
    expect(reader.read(text)).to.deep.equal([
      {
        name: 'a_total',
        labels: { path: 'say "hi"', x: '1' },
        value: 3,
        series: escaped.slice(0, -2),
      },
      { name: 'b', labels: {}, value: 2, series: 'b' },
    ]);
  });

  it('are told as well by one that has read others before', () => {
    const reader = new ExpositionReader((name) => name !== 'unwanted');
    const texts = [
      'a{x="1"} 1\na{x="2"} 2\n# TYPE b counter\nunwanted 1\nb 3\n',
      'a{x="1"} 2\na{x="2"} 2\n# TYPE b counter\nunwanted 9\nb 4\n',
      'a{x="1"} 2\na{x="15"} 1\na{x="2"} 2\n# TYPE b counter\nunwanted 1\nb 4 1700000000000\n',
      'a{x="2"} 3\n# TYPE b counter\nb 5\nb_total 1\nbb 1',
      'b 5\na{x="1"} 7\na{x="2"} 3\n',
      '',
      'a{x="1} 7\na{x="2"}\na{x="2"} \nb\n{} 1\n\n b 1\nb 6',
      'b 6\nb 7',
    ];
    for (const text of texts) {
      const afresh = readExposition(text).filter(({ name }) => name !== 'unwanted');
      expect(reader.read(text), text).to.deep.equal(afresh);
    }
    expect(reader.read('b 6\nb 7').map(({ value }) => value)).to.deep.equal([6, 7]);
  });
});
