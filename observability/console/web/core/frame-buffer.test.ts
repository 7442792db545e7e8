import { expect } from 'chai';
import { FrameBuffer } from './frame-buffer.ts';
import { aFrame } from '../testing/samples.ts';

describe('the buffer of frames', () => {
  const times = (buffer: FrameBuffer) => buffer.frames.map(({ atMs }) => atMs);

  it('answers the last frame at or before a moment', () => {
    const buffer = new FrameBuffer(10);
    for (const atMs of [1_000, 2_000, 3_000]) buffer.add(aFrame(atMs));
    expect(buffer.at(2_000)?.atMs).to.equal(2_000);
    expect(buffer.at(2_999)?.atMs).to.equal(2_000);
    expect(buffer.at(9_000)?.atMs).to.equal(3_000);
    expect(buffer.at(0)?.atMs).to.equal(1_000);
    expect(new FrameBuffer(1).at(5)).to.equal(undefined);
  });

  it('never holds more than it may, and drops the oldest', () => {
    const buffer = new FrameBuffer(100);
    for (let atMs = 1; atMs <= 2_000; atMs++) {
      buffer.add(aFrame(atMs));
      expect(buffer.frames.length).to.be.at.most(100);
    }
    expect(times(buffer).at(-1)).to.equal(2_000);
  });

  it('keeps the first of those that follow each other sooner than asked for', () => {
    const buffer = new FrameBuffer(10, 900);
    const kept = [1_000, 1_300, 1_600, 1_900, 2_200].map((atMs) => buffer.add(aFrame(atMs)));
    expect(kept).to.deep.equal([true, false, false, true, false]);
    expect(times(buffer)).to.deep.equal([1_000, 1_900]);
  });

  it('is another array after each change', () => {
    const buffer = new FrameBuffer(10);
    const before = buffer.frames;
    buffer.add(aFrame(1));
    expect(buffer.frames).not.to.equal(before);
  });

  it('takes what was before it, once, and nothing that is not newer', () => {
    const buffer = new FrameBuffer(10);
    buffer.add(aFrame(5));
    buffer.add(aFrame(5));
    buffer.add(aFrame(4));
    buffer.prepend([aFrame(3), aFrame(4), aFrame(5)]);
    buffer.prepend([aFrame(3), aFrame(4)]);
    expect(times(buffer)).to.deep.equal([3, 4, 5]);
  });
});
