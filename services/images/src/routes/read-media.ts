import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { problem } from '@faultline/contracts/common';
import type { ImagesDeps } from '../deps.ts';
import { readBlob } from '../images.ts';

/** Pictures by the hash of their content. Pages at the edge, so no part of the API's contract. */
export const media = {
  id: 'readMedia',
  method: 'GET',
  path: '/media/:file',
  summary: 'A rendition.',
  access: 'anyone',
  replies: { 200: null, 304: null, 404: problem },
} as const;

/** A name stands for one content, for ever; and whatever the content, it never runs as a page. */
const HEADERS = {
  'Cache-Control': 'public, max-age=31536000, immutable',
  'Content-Type': 'image/webp',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
} as const;

export function readMedia({ postgres }: ImagesDeps): Handler<typeof media> {
  return async ({ ctx }) => {
    const file: unknown = ctx['params'].file;
    const hash = /^([0-9a-f]{64})\.webp$/.exec(String(file))?.[1];
    if (!hash) throw noSuchFile();
    const headers = { ...HEADERS, ETag: `"${hash}"` };
    // Whoever names the hash has the content, and it cannot have changed.
    if (ctx.get('if-none-match').includes(headers.ETag)) return { status: 304, headers };
    const body = await readBlob(postgres, hash);
    if (!body) throw noSuchFile();
    return { status: 200, headers, body };
  };
}

function noSuchFile(): ProblemError {
  return new ProblemError('not_found', 'There is no such file.');
}
