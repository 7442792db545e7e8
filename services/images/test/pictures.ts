import sharp, { type Sharp } from 'sharp';

/** Bytes as `fetch` takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

type Format = 'jpeg' | 'png' | 'webp' | 'avif';

/** A picture of one colour; equal arguments give equal bytes. */
export async function picture(
  {
    width = 64,
    height = 48,
    shade = 120,
  }: { width?: number; height?: number; shade?: number } = {},
  format: Format = 'png',
): Promise<Bytes> {
  return bytesOf(await plain(width, height, shade).toFormat(format).toBuffer());
}

export function plain(width: number, height: number, shade = 120): Sharp {
  const background = { r: shade % 256, g: Math.floor(shade / 256) % 256, b: 200 };
  return sharp({ create: { width, height, channels: 3, background } });
}

/** A picture with so much detail that it does not compress. */
export async function noise(width: number, height: number, format: Format): Promise<Bytes> {
  const raw = Buffer.alloc(width * height * 3);
  for (let i = 0, value = 1; i < raw.length; i++) {
    value = (value * 1_103_515_245 + 12_345) % 2_147_483_648;
    raw[i] = value >> 16;
  }
  const full = sharp(raw, { raw: { width, height, channels: 3 } });
  return bytesOf(await full.toFormat(format).toBuffer());
}

/** A WebP of so many frames. */
export async function animation(frames: number): Promise<Bytes> {
  const raw = Buffer.alloc(16 * 16 * frames * 3);
  for (let i = 0; i < raw.length; i++) raw[i] = Math.floor(i / (16 * 16 * 3)) * 7;
  const strip = sharp(raw, {
    raw: { width: 16, height: 16 * frames, channels: 3, pageHeight: 16 },
  });
  return bytesOf(await strip.webp({ lossless: true, effort: 0 }).toBuffer());
}

export function bytesOf(buffer: Uint8Array): Bytes {
  return new Uint8Array(buffer);
}
