import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

/** Why a body was not taken: a status and a sentence for the sender. */
export class BodyError extends Error {
  override name = 'BodyError';
  readonly status: 400 | 413 | 415 | 429;

  constructor(status: BodyError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

const unpack = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** Bytes of bodies that are being read, all together, within a limit. */
export class BodyBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when there is no room for so many more. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * Reads and inflates a request's body, neither form larger than `maxBytes`.
 * @throws BodyError when it is larger, cut off, or in no encoding we know; or when all bodies
 * together take too much.
 */
export async function readBody(
  req: IncomingMessage,
  { maxBytes, budget }: { maxBytes: number; budget: BodyBudget },
): Promise<Buffer> {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'deflate') {
    throw new BodyError(415, `content-encoding: expected gzip, deflate or identity`);
  }
  const body = await collect(req, { maxBytes, budget });
  return encoding === 'identity' ? body : await inflated(body, encoding, { maxBytes, budget });
}

async function collect(
  req: IncomingMessage,
  { maxBytes, budget }: { maxBytes: number; budget: BodyBudget },
): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Without this, leaving the loop early would close the connection before the answer is read.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) throw new BodyError(400, 'the body is text');
      if (!budget.take(chunk.length))
        throw new BodyError(429, 'too much is being received at once');
      length += chunk.length;
      chunks.push(chunk);
      if (length > maxBytes) throw tooLarge(maxBytes);
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(400, 'the body ended early');
  } finally {
    budget.give(length);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, length);
}

async function inflated(
  body: Buffer,
  encoding: keyof typeof unpack,
  { maxBytes, budget }: { maxBytes: number; budget: BodyBudget },
): Promise<Buffer> {
  const claimed = encoding === 'gzip' ? claimedBytes(body) : maxBytes;
  if (claimed > maxBytes) throw tooLarge(maxBytes);
  if (!budget.take(claimed)) throw new BodyError(429, 'too much is being received at once');
  try {
    return await unpack[encoding](body, { maxOutputLength: Math.max(1, claimed) });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const isLarger = code === 'ERR_BUFFER_TOO_LARGE';
    if (isLarger && claimed === maxBytes) throw tooLarge(maxBytes);
    throw new BodyError(
      400,
      `the body is no ${encoding}${isLarger ? ': its length is wrong' : ''}`,
    );
  } finally {
    budget.give(claimed);
  }
}

/** How much it says it inflates to: gzip's last word, of which only as much is let out. */
function claimedBytes(body: Buffer): number {
  return body.length < 4 ? 0 : body.readUInt32LE(body.length - 4);
}

function tooLarge(maxBytes: number): BodyError {
  return new BodyError(413, `the body is too large: expected at most ${maxBytes} bytes`);
}
