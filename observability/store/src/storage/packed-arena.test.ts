import { expect } from 'chai';
import { PackedArena, PIECE_BYTES } from './packed-arena.ts';

describe('PackedArena', () => {
  it('keeps what it is given, whatever becomes of the original', () => {
    const arena = new PackedArena();
    const kept = Array.from({ length: 500 }, (_, n) => {
      const original = Buffer.alloc(1 + ((n * 997) % 9_000), n);
      const copy = arena.keep(original);
      original.fill(0xff);
      return copy;
    });
    for (const [n, copy] of kept.entries()) {
      expect(copy.equals(Buffer.alloc(1 + ((n * 997) % 9_000), n)), String(n)).to.equal(true);
    }
  });

  it('shares pieces among small ones and gives large ones memory of their own', () => {
    const arena = new PackedArena();
    const small = Array.from({ length: 16 }, () => arena.keep(Buffer.alloc(PIECE_BYTES / 16)));
    expect(new Set(small.map(({ buffer }) => buffer)).size).to.equal(1);
    const large = arena.keep(Buffer.alloc(PIECE_BYTES));
    expect(large.buffer.byteLength).to.equal(PIECE_BYTES);
    expect(large.buffer).not.to.equal(small[0]?.buffer);
  });
});
