import { type IncomingMessage, request, type RequestOptions, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

/** Of a request and of an answer: what is about the content, and nothing else. */
const passedOn = ['content-type', 'content-length', 'content-encoding', 'accept'];
const BODY_MAX = 256 * 1_024;

export type ForwardTarget = Pick<RequestOptions, 'socketPath' | 'host' | 'port' | 'path'>;

/**
 * Passes a request on and its answer back. Cookies, tokens and addresses of whoever asks stay here.
 * Rejects before anything was answered: nobody is there, or the request is too large.
 */
export async function forward(
  { req, res }: { req: IncomingMessage; res: ServerResponse },
  target: ForwardTarget,
): Promise<void> {
  const body = await collect(req);
  const headers = { ...pick(req.headers), 'content-length': String(body.length) };
  const call = request({ ...target, method: req.method ?? 'GET', headers, agent: false });
  // Whoever asked has gone: so does the call.
  res.on('close', () => call.destroy());
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    call.on('response', resolve);
    call.on('error', reject);
    call.end(body);
  });
  res.writeHead(reply.statusCode ?? 502, pick(reply.headers));
  pipeline(reply, res, () => undefined);
}

async function collect(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req) {
    const piece = Buffer.from(chunk);
    length += piece.length;
    if (length > BODY_MAX) throw new Error(`the request is over ${BODY_MAX} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks, length);
}

function pick(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name): [string, string][] => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}
