import { expect } from 'chai';
import {
  formatAttribute,
  formatCount,
  formatCountry,
  formatDay,
  formatMinute,
  formatMoney,
  formatName,
  formatValue,
} from './format.ts';

describe('format', () => {
  it('shows minor units as money', () => {
    expect(formatMoney({ amount: 129_905, currency: 'EUR' })).to.equal('€1,299.05');
    expect(formatMoney({ amount: 5, currency: 'GBP' })).to.equal('£0.05');
  });

  it('shows times in UTC', () => {
    expect(formatMinute('2026-03-03T23:59:59.000Z')).to.equal('23:59 UTC');
    expect(formatDay('2026-03-03T23:59:59.000Z')).to.equal('3 March 2026');
  });

  for (const [name, value, label, text] of [
    ['weight_g', 1_200, 'Weight', '1,200 g'],
    ['battery_hours', 9.5, 'Battery', '9.5 hours'],
    ['year', 2_024, 'Year', '2024'],
    ['water_column_mm', 'plenty', 'Water column mm', 'plenty'],
    ['dishwasher_safe', true, 'Dishwasher safe', 'Yes'],
    ['colour', ['black', 'sand'], 'Colour', 'black, sand'],
  ] as const) {
    it(`shows the attribute ${name}: ${JSON.stringify(value)} as ${label}: ${text}`, () => {
      expect(formatAttribute(name, value)).to.deep.equal({ label, text });
    });
  }

  it('shows names, truths and counts in words', () => {
    expect(formatName('paper-ink')).to.equal('Paper ink');
    expect(['true', 'false', 'maybe'].map(formatValue)).to.deep.equal(['Yes', 'No', 'maybe']);
    expect([0, 1, 1_000].map((count) => formatCount(count, 'product'))).to.deep.equal([
      '0 products',
      '1 product',
      '1,000 products',
    ]);
  });

  it('names countries, and repeats codes that nobody knows', () => {
    expect(formatCountry('DE')).to.equal('Germany');
    expect(formatCountry('QX')).to.equal('QX');
  });
});
