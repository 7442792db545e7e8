import sharp, { type Metadata, type Sharp } from 'sharp';
import type { Answer, EncodedRendition, Rejection } from './protocol.ts';

const PIXELS_MAX = 40_000_000;
const SIDE_MAX = 20_000;
const FRAMES_MAX = 100;
const WIDTHS = [160, 480, 960] as const;
/** A very tall picture would not fit the format. */
const HEIGHT_MAX = 4_000;
const WEBP = { quality: 80, effort: 2 } as const;

/**
 * The renditions of a picture from outside: checked by its header first, then decoded once, upright,
 * in sRGB and without metadata. Of an animation it is the first frame.
 */
export async function render(bytes: Uint8Array): Promise<Answer> {
  try {
    // Of the header alone, which costs nothing however much it promises.
    const reason = objection(await sharp(bytes, { limitInputPixels: false }).metadata());
    if (reason) return { kind: 'refused', reason };
    const options = {
      limitInputPixels: PIXELS_MAX,
      failOn: 'warning',
      sequentialRead: true,
    } as const;
    return { kind: 'rendered', renditions: await encode(sharp(bytes, { ...options, pages: 1 })) };
  } catch {
    // The decoder's message is of no use to the owner, and there is nobody else to tell.
    return { kind: 'refused', reason: 'corrupt' };
  }
}

/** A drawing of our own as PNG. */
export async function draw(svg: string): Promise<Answer> {
  return {
    kind: 'drawn',
    png: await sharp(Buffer.from(svg)).png({ compressionLevel: 3 }).toBuffer(),
  };
}

function objection({
  format,
  compression,
  width,
  height,
  pages = 1,
}: Metadata): Rejection | undefined {
  const known =
    ['jpeg', 'png', 'webp'].includes(format) || (format === 'heif' && compression === 'av1');
  if (!known) return 'unsupported_format';
  if (width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX) return 'too_large';
  return pages > FRAMES_MAX ? 'too_many_frames' : undefined;
}

async function encode(picture: Sharp): Promise<EncodedRendition[]> {
  const largest = WIDTHS[WIDTHS.length - 1] ?? 0;
  const { data, info } = await picture
    .autoOrient()
    .resize({ width: largest, height: HEIGHT_MAX, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width: fullWidth, height, channels } = info;
  const widths = new Set(WIDTHS.map((width) => Math.min(width, fullWidth)));
  const renditions: EncodedRendition[] = [];
  for (const width of widths) {
    const size = { raw: { width: fullWidth, height, channels } };
    const output = await sharp(data, size)
      .resize({ width })
      .webp(WEBP)
      .toBuffer({ resolveWithObject: true });
    renditions.push({ width: output.info.width, height: output.info.height, bytes: output.data });
  }
  return renditions;
}
