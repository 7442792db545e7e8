import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Block } from '../storage/block.ts';
import type { Resource, Scope } from '../storage/interner.ts';

/** Changes with the format: frames of another one are not read. */
const MAGIC = Buffer.from('FLT1');
const HEADER_BYTES = 20;
/** Last in the header; it covers all the rest of the frame. */
const CHECKSUM_AT = 16;
const META_BYTES_MAX = 16 * 1_024 * 1_024;
/** Tables are small, and each compressor takes as much memory as its level and window say. */
const FASTEST = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 14 },
};

/** An encoded resource or scope, its bytes in base64. */
export type SharedMeta = { message: string; schemaUrl: string };

/** A packed block as a file holds it. */
export type Frame = {
  readonly packed: Buffer;
  readonly rawBytes: number;
  /** What its spans refer to by number. */
  readonly tables: () => Tables;
};

type Tables = { readonly resources: readonly SharedMeta[]; readonly scopes: readonly SharedMeta[] };

/** A packed block with all that is needed to read it again: lengths, a checksum, tables, spans. */
export function encodeFrame(block: Block): Buffer {
  const packed = block.packedBytes;
  if (!packed) throw new Error(`block ${block.id} is not packed yet`);
  const { resources, scopes } = block;
  const tables: Tables = { resources: resources.map(metaOf), scopes: scopes.map(metaOf) };
  const meta = zstdCompressSync(JSON.stringify(tables), FASTEST);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(meta.length, 4);
  header.writeUInt32LE(packed.length, 8);
  header.writeUInt32LE(block.rawBytes, 12);
  header.writeUInt32LE(checksum(header, meta, packed), CHECKSUM_AT);
  return Buffer.concat([header, meta, packed]);
}

/**
 * The frames of a file up to where it is broken, and how many bytes of it were good. Their tables are
 * unpacked when they are asked for: a file holds hundreds, and others want a turn meanwhile.
 */
export function decodeFrames(file: Buffer): { frames: Frame[]; goodBytes: number } {
  const frames: Frame[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= file.length && file.subarray(at, at + 4).equals(MAGIC)) {
    const metaEnd = at + HEADER_BYTES + file.readUInt32LE(at + 4);
    const end = metaEnd + file.readUInt32LE(at + 8);
    if (end > file.length) break;
    const meta = file.subarray(at + HEADER_BYTES, metaEnd);
    const packed = file.subarray(metaEnd, end);
    const header = file.subarray(at, at + HEADER_BYTES);
    if (checksum(header, meta, packed) !== header.readUInt32LE(CHECKSUM_AT)) break;
    frames.push({ packed, rawBytes: file.readUInt32LE(at + 12), tables: () => tablesOf(meta) });
    at = end;
  }
  return { frames, goodBytes: at };
}

function checksum(header: Buffer, meta: Buffer, packed: Buffer): number {
  return crc32(packed, crc32(meta, crc32(header.subarray(0, CHECKSUM_AT))));
}

function metaOf({ message, schemaUrl }: Resource | Scope): SharedMeta {
  return { message: Buffer.from(message, 'latin1').toString('base64'), schemaUrl };
}

/** The checksum has vouched for what is inside. */
function tablesOf(meta: Buffer): Tables {
  const text = zstdDecompressSync(meta, { maxOutputLength: META_BYTES_MAX }).toString();
  return JSON.parse(text);
}
