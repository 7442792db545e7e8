import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@faultline/chassis/testing/log';
import { expect } from 'chai';
import fc from 'fast-check';
import { eachSpan } from '../../test/support/fill.ts';
import { id, span, text } from '../../test/support/otlp.ts';
import type { Block } from '../storage/block.ts';
import { TraceStore } from '../storage/trace-store.ts';
import { decodeFrames, encodeFrame } from './frame.ts';
import { Journal } from './journal.ts';

describe('a frame', () => {
  it('is read again as it was written', () => {
    const [block] = blocks(1);
    if (!block) throw new Error('no block was sealed');
    const { frames, goodBytes } = decodeFrames(encodeFrame(block));
    expect(goodBytes).to.equal(encodeFrame(block).length);
    const [frame] = frames;
    expect(frame?.packed).to.deep.equal(block.packedBytes);
    expect(frame?.rawBytes).to.equal(block.rawBytes);
    expect(
      frame?.tables().resources.map(({ message }) => Buffer.from(message, 'base64').toString()),
    ).to.satisfy(([resource]: string[]) => resource?.includes('service.name'));
  });

  it('that is damaged anywhere, or cut off, costs itself and what is behind it', () => {
    const encoded = blocks(3).map(encodeFrame);
    const file = Buffer.concat(encoded);
    fc.assert(
      fc.property(fc.nat({ max: file.length - 1 }), fc.boolean(), (at, cut) => {
        const damaged = cut ? file.subarray(0, at) : Buffer.from(file);
        if (!cut) damaged[at] = (damaged[at] ?? 0) ^ 0xff;
        let whole = 0;
        let start = 0;
        while (start + (encoded[whole]?.length ?? Infinity) <= at)
          start += encoded[whole++]?.length ?? 0;
        expect(decodeFrames(damaged).frames.length).to.equal(whole);
      }),
    );
  });
});

describe('Journal', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'journal-'));
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('gives back the latest first, archived ones before', async () => {
    const journal = await Journal.open({ dir, maxBytes: 1_024 * 1_024, log: silentLog });
    const [a, b, c] = blocks(3);
    for (const block of [a, b]) if (block) journal.append(block, 'young');
    if (c) journal.append(c, 'archived');
    await journal.close();
    const again = await Journal.open({ dir, maxBytes: 1_024 * 1_024, log: silentLog });
    const read: unknown[] = [];
    for await (const { frame } of again.frames()) read.push(frame.packed);
    expect(read).to.deep.equal([c?.packedBytes, b?.packedBytes, a?.packedBytes]);
  });

  it('counts what the disk would not take, and goes on when it does again', async () => {
    const journal = await Journal.open({ dir, maxBytes: 1_024 * 1_024, log: silentLog });
    const [a, b] = blocks(2);
    await rm(dir, { recursive: true });
    if (a) journal.append(a, 'young');
    await journal.flush();
    expect([journal.counts.failures, journal.counts.lostBlocks]).to.deep.equal([1, 1]);
    await Journal.open({ dir, maxBytes: 1_024 * 1_024, log: silentLog });
    if (b) journal.append(b, 'young');
    await journal.close();
    expect(await readdir(dir)).to.have.length(1);
    expect(journal.counts.lostBlocks).to.equal(1);
  });
});

/** So many packed blocks of one span each. */
function blocks(count: number): Block[] {
  const sealed: Block[] = [];
  const store = new TraceStore({
    maxBytes: 1_024 * 1_024,
    onSealed: (block) => sealed.push(block),
  });
  for (let n = 1; n <= count; n++) {
    eachSpan(store, {
      spans: [span({ traceId: id(n, 32), spanId: id(n), attributes: [text('n', String(n))] })],
    });
    store.seal();
  }
  return sealed;
}
