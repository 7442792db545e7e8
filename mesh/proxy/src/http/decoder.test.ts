import { expect } from 'chai';
import fc from 'fast-check';
import { textOf } from '../../test/support/exchange.ts';
import { BodyDecoder } from './decoder.ts';

describe('BodyDecoder', () => {
  it('reads chunks however the bytes are cut, and leaves what follows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (pieces, cuts) => {
          const encoded = pieces.flatMap((piece) => [
            Buffer.from(`${piece.length.toString(16)}\r\n`),
            Buffer.from(piece),
            Buffer.from('\r\n'),
          ]);
          const bytes = Buffer.concat([...encoded, Buffer.from('0\r\n\r\n')]);
          const decoder = new BodyDecoder({ kind: 'chunked' });
          const text = textOf(decoder.body);
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const size = cuts[cut % cuts.length] ?? 1;
            decoder.feed(bytes.subarray(at, at + size), 0);
            at += size;
          }
          expect(decoder.body.complete).to.equal(true);
          expect(await text).to.equal(Buffer.concat(pieces).toString('latin1'));
        },
      ),
    );
  });

  it('stops at the end of a counted body', () => {
    const decoder = new BodyDecoder({ kind: 'length', bytes: 3 });
    expect(decoder.feed(Buffer.from('abcdef'), 0)).to.equal(3);
    expect(decoder.body.complete).to.equal(true);
  });

  it('ends an unframed body with its connection, and fails any other', () => {
    const open = new BodyDecoder({ kind: 'close' });
    open.eof(new Error('gone'));
    expect(open.body.complete).to.equal(true);
    const counted = new BodyDecoder({ kind: 'length', bytes: 3 });
    counted.eof(new Error('gone'));
    expect(counted.body.complete).to.equal(false);
  });
});
