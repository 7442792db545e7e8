import { expect } from 'chai';
import fc from 'fast-check';
import {
  ParamError,
  parseDurationUs,
  parseInteger,
  parseTimeUs,
  parseTraceIdParam,
} from './params.ts';

describe('parseDurationUs', () => {
  const good: Record<string, number> = {
    '0': 0,
    '10ms': 10_000,
    '1.5s': 1_500_000,
    '.5s': 500_000,
    '1h30m': 5_400e6,
    '1h1m1s1ms1us': 3_661_001_001,
    '100µs': 100,
    '100μs': 100,
    '500ns': 0.5,
    '-2s': -2e6,
    '+2s': 2e6,
  };
  for (const [text, expected] of Object.entries(good)) {
    it(`reads ${text}`, () => expect(parseDurationUs(text)).to.be.closeTo(expected, 1e-6));
  }

  for (const text of ['', '10', 's', '1.5', '1d', '1 s', 'ms10', '1s2', '--1s', '1e3s', '.s']) {
    it(`refuses '${text}'`, () => expect(parseDurationUs(text)).to.equal(undefined));
  }

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDurationUs(text)));
  });
});

describe('parseTimeUs', () => {
  it('reads what JavaScript writes', () => {
    const ms = fc.integer({ min: 0, max: Date.UTC(9_999, 11, 31) });
    fc.assert(
      fc.property(ms, (time) => {
        expect(parseTimeUs(new Date(time).toISOString())).to.equal(time * 1_000);
      }),
    );
  });

  it('reads nanoseconds and zones', () => {
    const second = Date.UTC(2026, 0, 2, 3, 4, 5) * 1_000;
    expect(parseTimeUs('2026-01-02T03:04:05.000001500Z')).to.be.closeTo(second + 1.5, 0.3);
    expect(parseTimeUs('2026-01-02T05:04:05+02:00')).to.equal(second);
    expect(parseTimeUs('2026-01-02T05:04:05 02:00'), 'not encoded').to.equal(second);
  });

  for (const text of [
    '',
    'now',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-13-02T03:04:05Z',
    '1',
  ]) {
    it(`refuses '${text}'`, () => expect(parseTimeUs(text)).to.equal(undefined));
  }
});

describe('parseInteger', () => {
  it('reads whole numbers that are exact', () => {
    expect(['7', '-7', '+7', '0'].map(parseInteger)).to.deep.equal([7, -7, 7, 0]);
    for (const text of ['', '1.5', '1e3', '0x10', '9007199254740993', 'NaN']) {
      expect(parseInteger(text), text).to.equal(undefined);
    }
  });
});

describe('parseTraceIdParam', () => {
  it('reads hex of any length and base64 of any spelling', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, (id) => {
        const hex = Buffer.from(id).toString('hex');
        expect(parseTraceIdParam(hex.toUpperCase())).to.equal(hex);
        for (const encoding of ['base64', 'base64url'] as const) {
          const text = Buffer.from(id).toString(encoding);
          // What happens to be hex is hex.
          if (!/^[0-9a-f]+$/i.test(text)) expect(parseTraceIdParam(text)).to.equal(hex);
        }
      }),
    );
    expect(parseTraceIdParam('a')).to.equal('a'.padStart(32, '0'));
  });

  it('refuses anything else, and quotes little of it', () => {
    for (const text of ['', 'x', '0'.repeat(33), 'QQQQ', '../../etc', 'é'.repeat(1_000)]) {
      expect(() => parseTraceIdParam(text), text)
        .to.throw(ParamError)
        .with.property('message')
        .that.has.length.below(160);
    }
  });
});
