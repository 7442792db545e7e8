import type { Response } from '../request.ts';
import { BodyDecoder } from './decoder.ts';
import type { RequestStart } from './head.ts';
import type { OutFraming } from './writer.ts';

/** Peers that speak no HTTP at all get no HTTP back. */
export function isText(rest: Buffer | undefined): boolean {
  const first = rest?.[0];
  return first === undefined || (first >= 0x09 && first < 0x80 && first !== 0x16);
}

export function decoderOf({ chunked, contentLength }: RequestStart): BodyDecoder | undefined {
  if (chunked) return new BodyDecoder({ kind: 'chunked' });
  return contentLength ? new BodyDecoder({ kind: 'length', bytes: contentLength }) : undefined;
}

export function framingOf({ status, body }: Response, { method, minor }: RequestStart): OutFraming {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  if (body.length !== undefined) return 'length';
  return minor === 1 ? 'chunked' : 'close';
}

export function sameHost(a: string, b: string): boolean {
  return a === b || a.toLowerCase().replace(/:80$/, '') === b.toLowerCase().replace(/:80$/, '');
}
