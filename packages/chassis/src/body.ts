import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import { ProblemError } from './errors.ts';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

/**
 * Reads a JSON request body of at most `limitBytes` (after decompression; `gzip` and `identity`).
 * @throws ProblemError 400 (not strict JSON), 413 (too large) or 415 (media type, charset, coding).
 */
export async function readJsonBody(req: IncomingMessage, limitBytes: number): Promise<unknown> {
  requireJson(req.headers['content-type']);
  const text = await readText(req, limitBytes);
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    throw new ProblemError(
      'invalid_request',
      `The body is not acceptable JSON: ${error.message}.`,
      {
        cause: error,
      },
    );
  }
}

/** Reads an `application/x-www-form-urlencoded` body of at most `limitBytes`; see {@link readJsonBody}. */
export async function readFormBody(
  req: IncomingMessage,
  limitBytes: number,
): Promise<URLSearchParams> {
  const [type] = mediaType(req.headers['content-type']);
  if (type !== 'application/x-www-form-urlencoded') {
    throw new ProblemError('unsupported_media_type', 'Send application/x-www-form-urlencoded.');
  }
  const text = await readText(req, limitBytes);
  if (text.includes('%00') || text.includes('\0'))
    throw new ProblemError('invalid_request', 'The form holds NUL.');
  return new URLSearchParams(text);
}

/**
 * Reads a whole body of at most `limitBytes`.
 * @throws ProblemError `payload_too_large`; the rest of the body is left to the caller.
 */
export async function readBytes(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(req)) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const LINGER_MS = 250;
const LINGER_BYTES = 64 * 1024;

/**
 * Reads a body that nobody wants, up to 64 KiB or 250 ms of it, before its connection is closed: closed
 * with unread bytes, it would be reset, and the sender lose the answer. Never rejects.
 */
export async function readAway(req: IncomingMessage): Promise<void> {
  let bytes = 0;
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(LINGER_MS)]);
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) enough.abort();
  });
  // The sender may leave, or be too slow: then the answer is not worth waiting for.
  if (!req.readableEnded) await once(req, 'end', { signal }).catch(() => undefined);
}

async function readText(req: IncomingMessage, limitBytes: number): Promise<string> {
  const bytes = await readBytes(req, limitBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ProblemError('invalid_request', 'The body is not UTF-8.', { cause: error });
  }
}

async function* decoded(req: IncomingMessage): AsyncGenerator<Buffer> {
  const coding = req.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding !== 'identity' && coding !== 'gzip') {
    throw new ProblemError('unsupported_media_type', 'Content-Encoding may be gzip or identity.');
  }
  try {
    // A body that is given up must not take the connection, and the answer, along.
    yield* coding === 'gzip' ? req.pipe(createGunzip()) : req.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw new ProblemError('invalid_request', 'The body ended early or could not be decoded.', {
      cause: error,
    });
  }
}

function requireJson(header: string | undefined): void {
  const [type, charset] = mediaType(header);
  const json = type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type);
  if (!json || (charset !== undefined && charset !== 'utf-8')) {
    throw new ProblemError('unsupported_media_type', 'Send application/json in UTF-8.');
  }
}

function mediaType(header: string | undefined): [type: string, charset: string | undefined] {
  const [type = '', ...parameters] = (header ?? '').toLowerCase().split(';');
  const charset = parameters.map((p) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(p)?.[1]);
  return [type.trim(), charset.find((value) => value !== undefined)];
}

function tooLarge(limitBytes: number): ProblemError {
  return new ProblemError('payload_too_large', `The body may hold at most ${limitBytes} bytes.`);
}
