import { crc32, deflateSync } from 'node:zlib';
import type { Random } from '@faultline/mesh-core/random';

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const width = 640;
const height = 480;
const patch = 32;

/** A patchwork as a PNG, another one each time: as much work as a photograph, in a few kilobytes. */
export function drawPicture(random: Random): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits for each of red, green and blue; no interlacing.
  header.set([8, 2, 0, 0, 0], 8);
  const bands = Array.from({ length: height / patch }, () => drawBand(random));
  const rows = Array.from({ length: height }, (_, y) => bands[Math.floor(y / patch)] ?? bands[0]);
  const pixels = Buffer.concat(rows.flatMap((row) => row ?? []));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** One row of pixels, after the byte that says that they are not filtered. */
function drawBand(random: Random): Buffer {
  const colours = Array.from({ length: width / patch }, () =>
    Buffer.alloc(patch * 3, Buffer.from([random() * 256, random() * 256, random() * 256])),
  );
  return Buffer.concat([Buffer.alloc(1), ...colours]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
