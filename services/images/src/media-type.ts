import { imageMediaTypes } from '@faultline/contracts/images';

export type ImageMediaType = (typeof imageMediaTypes)[number];

const FTYP_BYTES_MAX = 256;

/** The type a `Content-Type` header names, when it is one of ours. */
export function declaredType(header: string | undefined): ImageMediaType | undefined {
  const name = header?.split(';')[0]?.trim().toLowerCase();
  return imageMediaTypes.find((type) => type === name);
}

/** What the first bytes say the content is, whatever anybody calls it. */
export function sniffType(bytes: Buffer): ImageMediaType | undefined {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png';
  const [first, second, third] = [0, 4, 8].map((at) => bytes.toString('latin1', at, at + 4));
  if (first === 'RIFF' && third === 'WEBP') return 'image/webp';
  return second === 'ftyp' && brands(bytes).includes('avif') ? 'image/avif' : undefined;
}

/** The brands of an ISO media file: the major one and those it is compatible with. */
function brands(bytes: Buffer): string[] {
  const size = Math.min(bytes.readUInt32BE(0), bytes.length, FTYP_BYTES_MAX);
  const found: string[] = [];
  for (let at = 8; at + 4 <= size; at += 4) {
    // Four bytes after the major brand are its minor version.
    if (at !== 12) found.push(bytes.toString('latin1', at, at + 4));
  }
  return found;
}
