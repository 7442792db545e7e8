import { expect } from 'chai';
import fc from 'fast-check';
import {
  children,
  decode,
  DerError,
  encode,
  integer,
  oid,
  oidOf,
  sequence,
  tags,
  time,
} from '../src/der.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('DER', () => {
  it('encodes as the standard says', () => {
    expect(hex(oid('1.2.840.113549'))).to.equal('06062a864886f70d');
    expect(hex(integer(Uint8Array.of(0)))).to.equal('020100');
    expect(hex(integer(Uint8Array.of(0, 0, 127)))).to.equal('02017f');
    expect(hex(integer(Uint8Array.of(128)))).to.equal('02020080');
    expect(hex(encode(tags.octetString, new Uint8Array(200))).slice(0, 6)).to.equal('0481c8');
    expect(hex(encode(tags.octetString, new Uint8Array(300))).slice(0, 8)).to.equal('0482012c');
    const late = Buffer.from(time(Date.UTC(2050, 0, 2, 3, 4, 5, 999))).toString('latin1');
    expect(late).to.equal('\x18\x0f20500102030405Z');
    const early = Buffer.from(time(Date.UTC(2049, 11, 31))).toString('latin1');
    expect(early).to.equal('\x17\x0d491231000000Z');
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), (contents) => {
        const items = contents.map((content) => encode(tags.octetString, content));
        const read = children(decode(sequence(...items)), tags.sequence);
        expect(read.map(({ content }) => hex(content))).to.deep.equal(contents.map(hex));
      }),
    );
  });

  it('reads object identifiers back', () => {
    const arc = fc.nat({ max: 2 ** 31 });
    const any = fc.tuple(
      fc.constantFrom(0, 1, 2),
      fc.nat({ max: 39 }),
      fc.array(arc, { maxLength: 6 }),
    );
    fc.assert(
      fc.property(any, ([first, second, rest]) => {
        const dotted = [first, second, ...rest].join('.');
        expect(oidOf(decode(oid(dotted)))).to.equal(dotted);
      }),
    );
  });

  it('refuses what is cut short, followed by more, or not in its shortest form', () => {
    for (const bad of [
      '',
      '30',
      '3003',
      '300302',
      '30010200',
      '0481020000',
      '048200050000000000',
      '3080',
      '1f0100',
    ]) {
      expect(() => decode(Buffer.from(bad, 'hex')), bad).to.throw(DerError);
    }
  });

  it('answers any bytes with a value or a DerError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        try {
          expect(decode(bytes).whole.byteLength).to.equal(bytes.byteLength);
        } catch (error) {
          expect(error).to.be.instanceOf(DerError);
        }
      }),
    );
  });
});
