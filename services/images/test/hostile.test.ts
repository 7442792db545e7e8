import { existsSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import type { Decoder } from '../src/decoder/decoder.ts';
import { type Images, startImages } from './images.ts';
import { animation, type Bytes, bytesOf, noise, picture, plain } from './pictures.ts';

describe('hostile pictures', () => {
  let images: Images;
  let decoder: Decoder;
  before(async () => {
    images = await startImages();
    images.startRelay();
    decoder = images.startWorker();
  });
  after(() => images.stop());

  async function outcome(bytes: Bytes, type?: string): Promise<string> {
    const { status, reason } = await images.settled(await images.add(bytes, type));
    return reason ?? status;
  }

  /** A PNG whose header speaks of another size than its content has. */
  async function claiming(width: number, height: number): Promise<Bytes> {
    const bytes = Buffer.from(await picture());
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    return bytesOf(bytes);
  }

  function peakMebibytes(pid: number | undefined): number | undefined {
    const file = `/proc/${pid}/status`;
    if (pid === undefined || !existsSync(file)) return undefined;
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1]) / 1024;
  }

  it('of 14,000 by 14,000 points are refused by their header, without the memory', async () => {
    const bomb = bytesOf(await plain(14_000, 14_000).png({ compressionLevel: 9 }).toBuffer());
    expect(bomb.length).to.be.below(1_000_000);
    expect(await outcome(bomb)).to.equal('too_large');
    const peak = peakMebibytes(decoder.pid);
    if (peak !== undefined) expect(peak).to.be.below(200);
  });

  it('that claim to be huge are refused', async () => {
    expect(await outcome(await claiming(60_000, 60_000))).to.equal('too_large');
    expect(await outcome(await claiming(2 ** 31 - 1, 1))).to.be.oneOf(['too_large', 'corrupt']);
    expect(await outcome(await claiming(25_000, 2))).to.equal('too_large');
  });

  it('that claim to be larger or smaller than they are are refused as corrupt', async () => {
    expect(await outcome(await claiming(65, 48))).to.equal('corrupt');
    expect(await outcome(await claiming(0, 48))).to.equal('corrupt');
  });

  for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
    it(`cut off in the middle are refused as corrupt (${format})`, async () => {
      const whole = await noise(96, 64, format);
      const half = whole.slice(0, Math.floor(whole.length / 2));
      expect(await outcome(half, `image/${format}`)).to.equal('corrupt');
    });
  }

  it('of nothing but a signature are refused as corrupt', async () => {
    const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(2_000, 0xff)]);
    expect(await outcome(bytesOf(jpeg), 'image/jpeg')).to.equal('corrupt');
    const webp = Buffer.from('RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0', 'latin1');
    expect(await outcome(bytesOf(webp), 'image/webp')).to.equal('corrupt');
  });

  it('that move become their first frame, and are refused past a bound', async () => {
    const { status, renditions } = await images.settled(
      await images.add(await animation(3), 'image/webp'),
    );
    expect(status).to.equal('ready');
    expect(renditions.map(({ height }) => height)).to.deep.equal([16]);
    expect(await outcome(await animation(101), 'image/webp')).to.equal('too_many_frames');
  });

  it('one hundred times as tall as wide still fit', async () => {
    const { status, renditions } = await images.settled(
      await images.add(await picture({ width: 100, height: 10_000 })),
    );
    expect(status).to.equal('ready');
    expect(renditions.at(-1)?.height).to.be.at.most(4_000);
  });

  it('leave the service at work', async () => {
    expect(await outcome(await picture())).to.equal('ready');
    expect((await images.redis.xpending('images.jobs', 'images'))[0]).to.equal(0);
  });
});
