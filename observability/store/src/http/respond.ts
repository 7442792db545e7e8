import type { ServerResponse } from 'node:http';
import type { Exchange } from './router.ts';

/** A client that reads nothing for so long gets no more. */
const STALLED_MS = 30_000;
const CHUNK_CHARS = 64 * 1_024;

/** Answers with `value` as JSON. */
export function sendJson({ req, res, query }: Exchange, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value, undefined, indentOf(query)));
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/**
 * Answers 200 with the pieces of a JSON document, made as fast as the client takes them, so that no
 * answer is ever held as a whole.
 */
export async function streamJson({ req, res }: Exchange, pieces: Iterable<string>): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'application/json' });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  res.setTimeout(STALLED_MS, () => res.destroy());
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARS) continue;
    if (!res.write(chunk)) await drained(res);
    if (res.destroyed) return;
    chunk = '';
  }
  res.end(chunk);
}

/** Jaeger's `prettyPrint`: anything but nothing and `false` asks for it. */
export function indentOf(query: URLSearchParams): number | undefined {
  const value = query.get('prettyPrint') ?? '';
  return value === '' || value === 'false' ? undefined : 4;
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });
}
